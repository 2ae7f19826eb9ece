-- A shop as it grew in ten years: zero dates, dates as text, codes that are not unique.
CREATE TABLE categories (
  id INT NOT NULL PRIMARY KEY,
  parent_id INT NULL,
  name VARCHAR(80) NOT NULL,
  INDEX (parent_id)
);
CREATE TABLE customers (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  email VARCHAR(190) COLLATE utf8mb4_bin NOT NULL,
  first_name VARCHAR(60) NULL,
  last_name VARCHAR(60) NOT NULL,
  birth_date DATE NULL,
  is_active TINYINT(1) NOT NULL,
  is_company BIT(1) NULL,
  channels SET('mail', 'phone', 'post') NULL,
  level ENUM('bronze', 'silver', 'gold') NOT NULL,
  created_at TIMESTAMP NULL,
  settings JSON NULL,
  photo BLOB NULL,
  balance DECIMAL(40, 10) NOT NULL,
  score DOUBLE NULL,
  legacy_day CHAR(8) NULL,
  seen_epoch INT UNSIGNED NULL
);
CREATE TABLE addresses (
  id CHAR(12) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  kind ENUM('home', 'work') NULL,
  street VARCHAR(120) NOT NULL,
  zip VARCHAR(12) NOT NULL,
  city VARCHAR(60) NOT NULL,
  INDEX (customer_id)
);
CREATE TABLE products (
  sku VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  category_id INT NULL,
  name VARCHAR(120) NOT NULL,
  description MEDIUMTEXT NULL,
  price DECIMAL(40, 10) NOT NULL,
  grams INT NULL,
  INDEX (category_id)
);
CREATE TABLE product_variants (
  product_sku VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
  variant_no SMALLINT NOT NULL,
  name VARCHAR(60) NULL,
  PRIMARY KEY (product_sku, variant_no)
);
CREATE TABLE tags (
  id INT NOT NULL PRIMARY KEY,
  name VARCHAR(40) NOT NULL
);
CREATE TABLE product_tags (
  product_sku VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
  tag_id INT NOT NULL,
  PRIMARY KEY (product_sku, tag_id)
);
CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  status ENUM('P', 'S', 'D', 'X') NOT NULL,
  placed_at DATETIME(6) NOT NULL,
  shipped_at DATETIME(6) NULL,
  note TEXT NULL,
  INDEX (customer_id)
);
CREATE TABLE order_items (
  order_id BIGINT NOT NULL,
  line_no INT NOT NULL,
  product_sku VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
  variant_no SMALLINT NULL,
  quantity INT NOT NULL,
  unit_price DECIMAL(40, 10) NOT NULL,
  PRIMARY KEY (order_id, line_no),
  INDEX (product_sku)
);
CREATE TABLE reviews (
  id INT NOT NULL PRIMARY KEY,
  product_sku VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  rating TINYINT NOT NULL,
  comment TEXT NULL,
  meta TEXT NULL,
  created_at DATETIME NOT NULL,
  INDEX (product_sku),
  INDEX (customer_id)
);
CREATE TABLE currencies (
  code CHAR(3) NOT NULL,
  name VARCHAR(40) NOT NULL,
  INDEX (code)
);
CREATE TABLE payments (
  id BINARY(16) NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  currency CHAR(3) NOT NULL,
  amount DECIMAL(30, 0) NOT NULL,
  took TIME(3) NULL,
  year_ YEAR NOT NULL
);
