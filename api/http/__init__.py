"""The HTTP API: `create_app(container)` in `app`, one module a resource."""
