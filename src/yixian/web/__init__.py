"""The shared look: rendering, components, static files, problems. Knows no room.

An application that uses it has `static.routes` among its routes, `before_send=[static.secure]`,
`exception_handlers=problems.handlers({RoomsException: as_problem})` and, once it runs, `state.pages = render.build(rooms, about, desks)`.
"""
