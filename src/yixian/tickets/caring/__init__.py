"""Who may take their own life: red above every board until somebody of the hotline looks after them."""
