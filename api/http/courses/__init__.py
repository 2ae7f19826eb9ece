"""`/courses`, and the courses of a student."""
