"""Every page that shows papers, and the pages that say how the service is: health, the inbox of the embedded mode."""
