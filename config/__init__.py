"""What every process needs: settings, log, database, templates, clock. Knows no word of the domain."""
