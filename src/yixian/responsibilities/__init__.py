"""The responsibility list's own life: proposals, the units' review, approval; search, import and export."""
