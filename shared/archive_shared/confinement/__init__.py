"""Taking from a process what it does not need before it looks at what strangers uploaded; none of it takes privileges."""
