"""Everything that touches bytes, processes and imaging libraries."""
