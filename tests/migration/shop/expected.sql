-- What each row of the shop becomes by contract_v2.json, written by hand against the schema.
-- `name:TYPE` is an attribute, absent where it is NULL; `key name` a column of the row's key;
-- `reject` the column, or attribute, for which the row is rejected.

-- Categories categories
SELECT c.id AS `key id`, IF(c.name = '', 'name', NULL) AS reject,
  c.id AS `category_id:N`, c.name AS `name:S`, IFNULL(p.name, 'ROOT') AS `parent_name:S`,
  IFNULL(k.n, 0) AS `children:N`, m.price AS `most_expensive:N`, LPAD(c.id, 6, '0') AS `label:S`
FROM categories c
LEFT JOIN categories p ON p.id = c.parent_id
LEFT JOIN (SELECT parent_id, COUNT(*) n FROM categories GROUP BY parent_id) k
  ON k.parent_id = c.id
LEFT JOIN (SELECT category_id, MAX(price) price FROM products GROUP BY category_id) m
  ON m.category_id = c.id;

-- Customers customers
SELECT c.id AS `key id`,
  CASE WHEN DAY(c.birth_date) = 0 OR MONTH(c.birth_date) = 0 THEN 'birth_date'
    WHEN c.is_active > 1 THEN 'is_active'
    WHEN LENGTH(CAST(ABS(c.balance) AS CHAR)) > 39 THEN 'balance'
    WHEN c.id > f.id THEN 'email' END AS reject,
  c.id AS `customer_id:S`, c.email AS `email:S`, c.first_name AS `first_name:S`,
  c.last_name AS `last_name:S`,
  IF(c.first_name IS NULL, c.last_name, CONCAT(c.first_name, ' ', c.last_name)) AS `full_name:S`,
  CONCAT(c.last_name, ', ', c.first_name, ' (', c.id, ')') AS `sort_name:S`,
  'CUSTOMER' AS `kind:S`, CAST(c.birth_date AS CHAR) AS `birth_date:S`,
  YEAR(c.birth_date) AS `birth_year:N`, c.is_active AS `is_active:BOOL`,
  c.is_company + 0 AS `is_company:BOOL`, NULLIF(CAST(c.channels AS CHAR), '') AS `channels:SS`,
  CAST(c.level AS CHAR) AS `level:S`, c.level + 0 AS `level_rank:N`,
  DATE_FORMAT(c.created_at, '%Y-%m-%dT%H:%i:%s') AS `created_at:S`,
  DATE_FORMAT(c.created_at, '%Y-%m') AS `created_month:S`,
  c.settings AS `settings:M`, c.photo AS `photo:B`, c.balance AS `balance:N`,
  CAST(ROUND(c.balance, 2) AS DECIMAL(40, 2)) AS `balance_text:S`, c.score AS `score:N`,
  CONCAT(LEFT(c.legacy_day, 4), '-', MID(c.legacy_day, 5, 2), '-', RIGHT(c.legacy_day, 2))
    AS `joined_on:S`,
  DATE_FORMAT('1970-01-01' + INTERVAL c.seen_epoch SECOND, '%Y-%m-%dT%H:%i:%s') AS `seen_at:S`
FROM customers c
JOIN (SELECT email, MIN(id) id FROM customers GROUP BY email) f ON f.email = c.email;

-- CustomerActivity CUSTOMER
SELECT c.id AS `key id`, NULL AS reject, CONCAT('CUSTOMER#', c.id) AS `PK:S`, 'PROFILE' AS `SK:S`,
  'CUSTOMER' AS `entity_type:S`, c.id AS `customer_id:N`, CAST(c.level AS CHAR) AS `level:S`,
  IFNULL(o.n, 0) AS `orders:N`, r.rating AS `worst_rating:N`
FROM customers c
LEFT JOIN (SELECT customer_id, COUNT(*) n FROM orders GROUP BY customer_id) o
  ON o.customer_id = c.id
LEFT JOIN (SELECT customer_id, MIN(rating) rating FROM reviews GROUP BY customer_id) r
  ON r.customer_id = c.id;

-- CustomerActivity ADDRESS
SELECT a.id AS `key id`, NULL AS reject, CONCAT('CUSTOMER#', a.customer_id) AS `PK:S`,
  CONCAT('ADDRESS#', a.id) AS `SK:S`, 'ADDRESS' AS `entity_type:S`, a.id AS `address_id:S`,
  CAST(a.kind AS CHAR) AS `kind:S`, a.street AS `street:S`, a.zip AS `zip:S`, a.city AS `city:S`
FROM addresses a;

-- CustomerActivity ORDER
SELECT o.id AS `key id`, IF(o.placed_at = 0, 'placed_at', NULL) AS reject,
  CONCAT('CUSTOMER#', o.customer_id) AS `PK:S`, CONCAT('ORDER#', t.iso, '#', o.id) AS `SK:S`,
  'ORDER' AS `entity_type:S`, o.id AS `order_id:N`, t.iso AS `placed_at:S`,
  CAST(o.status AS CHAR) AS `status:S`,
  ELT(FIELD(o.status, 'P', 'S', 'D', 'X'), 'Pending', 'Shipped', 'Delivered', 'Unknown')
    AS `status_name:S`,
  CONCAT(DATE_FORMAT(o.placed_at + INTERVAL 30 DAY, '%Y-%m-%dT%H:%i:%s'), t.fraction) AS `due_at:S`,
  CONCAT(DATE_FORMAT(o.placed_at - INTERVAL 60 MINUTE, '%Y-%m-%dT%H:%i:%s'), t.fraction)
    AS `warned_at:S`,
  TIMESTAMPDIFF(MICROSECOND, o.placed_at, o.shipped_at) DIV 86400000000 AS `days_to_ship:N`,
  o.note AS `note:S`, l.total AS `total:N`, IFNULL(l.lines_, '[]') AS `lines:L`
FROM orders o
JOIN (
  SELECT id, IF(MICROSECOND(placed_at), DATE_FORMAT(placed_at, '.%f'), '') fraction,
    REPLACE(IF(MICROSECOND(placed_at), placed_at, LEFT(placed_at, 19)), ' ', 'T') iso
  FROM orders
) t ON t.id = o.id
LEFT JOIN (
  SELECT order_id, SUM(quantity * unit_price) total,
    JSON_ARRAYAGG(
      JSON_OBJECT('line', line_no, 'sku', product_sku, 'price', unit_price, 'count', quantity)
      ORDER BY line_no DESC
    ) lines_
  FROM order_items GROUP BY order_id
) l ON l.order_id = o.id;

-- Products products
SELECT p.sku AS `key sku`,
  CASE WHEN LENGTH(p.description) > 400000 THEN 'description'
    WHEN c.name = '' THEN 'category_name' END AS reject,
  p.sku AS `sku:S`, p.name AS `name:S`, p.description AS `description:S`, p.price AS `price:N`,
  CAST(ROUND(p.price, 2) AS DECIMAL(40, 2)) AS `price_text:S`, p.grams AS `grams:N`,
  CONCAT(p.grams, ' g') AS `weight:S`, c.name AS `category_name:S`,
  IF(u.id IS NULL, c.name, CONCAT(c.name, ' < ', u.name)) AS `category_path:S`,
  UPPER(u.name) AS `top_name:S`, IFNULL(r.latest, '[]') AS `latest_reviews:L`,
  r.best AS `best_review:M`, IFNULL(r.n, 0) AS `ratings:N`, r.average AS `average:N`
FROM products p
LEFT JOIN categories c ON c.id = p.category_id
LEFT JOIN categories u ON u.id = c.parent_id
LEFT JOIN (
  SELECT product_sku, COUNT(*) n, AVG(rating) average,
    JSON_ARRAYAGG(
      JSON_OBJECT(
        'rating', rating, 'comment', comment,
        'at', DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%s')
      ) ORDER BY id DESC LIMIT 3
    ) latest,
    JSON_EXTRACT(
      JSON_ARRAYAGG(JSON_OBJECT('id', id, 'by', customer_id) ORDER BY rating DESC, id LIMIT 1),
      '$[0]'
    ) best
  FROM reviews GROUP BY product_sku
) r ON r.product_sku = p.sku;

-- OrderItems order_items
SELECT i.order_id AS `key order_id`, i.line_no AS `key line_no`, NULL AS reject,
  i.order_id AS `order_id:N`, i.line_no AS `line_no:N`, i.product_sku AS `product_sku:S`,
  i.quantity AS `quantity:N`, i.unit_price AS `unit_price:N`,
  CONCAT(v.variant_no, ': ', v.name) AS `variant_name:S`, IFNULL(p.name, '(gone)') AS `product_name:S`,
  c.email AS `customer_email:S`, CONCAT(i.quantity, ' x ', i.unit_price) AS `times:S`,
  CONCAT(i.order_id, '#', i.line_no) AS `order_id#line_no:S`
FROM order_items i
LEFT JOIN product_variants v ON v.product_sku = i.product_sku AND v.variant_no = i.variant_no
LEFT JOIN products p ON p.sku = i.product_sku
LEFT JOIN orders o ON o.id = i.order_id
LEFT JOIN customers c ON c.id = o.customer_id;

-- ProductTags product_tags
SELECT x.product_sku AS `key product_sku`, x.tag_id AS `key tag_id`,
  IF(t.id IS NULL, 'tag_name', NULL) AS reject, x.product_sku AS `sku:S`, t.name AS `tag_name:S`
FROM product_tags x
LEFT JOIN tags t ON t.id = x.tag_id;

-- Reviews reviews
SELECT r.id AS `key id`, IF(JSON_VALID(r.meta), NULL, IF(r.meta IS NULL, NULL, 'meta')) AS reject,
  r.product_sku AS `product_sku:S`, r.id AS `review_id:N`, r.rating AS `rating:N`,
  r.comment AS `comment:S`, IF(r.customer_id IS NULL, 'Anonymous', c.last_name) AS `reviewer:S`,
  r.meta AS `meta:M`, REPLACE(REPLACE(r.meta, ': ', ':'), ', ', ',') AS `meta_text:S`,
  REPLACE(DATE(r.created_at), '-', '/') AS `created_day:S`,
  TIMESTAMPDIFF(SECOND, '1970-01-01', r.created_at) AS `created_unix:N`
FROM reviews r
LEFT JOIN customers c ON c.id = r.customer_id;

-- Payments payments
SELECT p.id AS `key id`, IF(c.n > 1, 'currency_name', NULL) AS reject, p.id AS `payment_id:B`,
  p.order_id AS `order_id:N`, p.amount AS `amount:N`, p.currency AS `currency:S`,
  c.name AS `currency_name:S`,
  IF(MICROSECOND(p.took), CONCAT(CAST(p.took AS CHAR), '000'), LEFT(p.took, 8)) AS `took:S`,
  p.year_ AS `year:N`
FROM payments p
LEFT JOIN (SELECT code, COUNT(*) n, MIN(name) name FROM currencies GROUP BY code) c
  ON c.code = p.currency;
