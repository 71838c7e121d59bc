"""Access for agents by the Model Context Protocol: six tools that read, over HTTP and on stdio."""
