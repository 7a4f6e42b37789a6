"""What in the tickets depends on the city as data: asked before an administrator changes it, carried along afterwards."""
