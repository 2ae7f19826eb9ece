"""`dynastrata demo`: the main job, one story a context."""
