"""`make demo`: the whole job, unattended, on a temporary folder, proven at the end."""
