"""How the errors of orders appear."""

from __future__ import annotations

from api.http.problems import Kinds, ProblemKind
from domain.orders import errors as orders

ORDER_PROBLEMS: Kinds = {
    orders.OrderIsClosed: ProblemKind(409, "order-is-closed", "Order is closed"),
    orders.ArticleNotSold: ProblemKind(409, "article-not-sold", "Article is not sold"),
    orders.LineExists: ProblemKind(409, "line-exists", "Line exists already"),
    orders.LineNotFound: ProblemKind(404, "line-not-found", "Line not found"),
    orders.OrderNeedsLines: ProblemKind(422, "order-needs-lines", "Too few or too many lines"),
}
