"""What a service needs of AWS, for those who deploy it: a template, and policies by role."""
