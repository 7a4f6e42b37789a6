"""Whose is it? Units that disagree are heard, a panel votes, the hotline rules; the first unit acts all the while."""
