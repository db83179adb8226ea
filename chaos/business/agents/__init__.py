"""Who talks at the business that is broken from within."""
