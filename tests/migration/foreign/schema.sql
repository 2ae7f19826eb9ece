CREATE TABLE ports (
  code CHAR(4) CHARACTER SET latin1 NOT NULL PRIMARY KEY,
  `name` VARCHAR(40) CHARACTER SET latin1 NOT NULL,
  district CHAR(4) CHARACTER SET latin1 NULL,
  opened YEAR NULL,
  place POINT NULL
);
CREATE TABLE quays (
  port CHAR(4) CHARACTER SET latin1 NOT NULL,
  `number` VARCHAR(6) NOT NULL,
  `length` DECIMAL(6,2) NOT NULL,
  next_port CHAR(4) CHARACTER SET latin1 NULL,
  next_number VARCHAR(6) NULL,
  PRIMARY KEY (port, `number`)
);
CREATE TABLE ships (
  id BINARY(16) NOT NULL PRIMARY KEY,
  call_sign VARCHAR(8) CHARACTER SET latin1 NOT NULL UNIQUE,
  full_name VARCHAR(40) CHARACTER SET utf8mb4 NOT NULL,
  sister BINARY(16) NULL,
  launched INT NULL COMMENT 'YYYYMMDD',
  seen BIGINT NULL COMMENT 'milliseconds since 1970',
  is_active CHAR(1) NOT NULL,
  flags BIT(8) NOT NULL
);
CREATE TABLE moorings (
  ship BINARY(16) NOT NULL,
  port CHAR(4) CHARACTER SET latin1 NOT NULL,
  `number` VARCHAR(6) NOT NULL,
  `day` DATE NOT NULL,
  fee DECIMAL(30,10) NULL,
  PRIMARY KEY (ship, port, `number`, `day`)
);
CREATE TABLE `order` (
  `key` VARCHAR(20) NOT NULL,
  `group` VARCHAR(20) NOT NULL,
  `select` DECIMAL(10,2) NOT NULL,
  `desc` TEXT NULL,
  PRIMARY KEY (`group`, `key`)
);
CREATE TABLE `crew list` (
  `list no` INT NOT NULL,
  `signed on` VARCHAR(10) NOT NULL COMMENT 'DD.MM.YYYY',
  `at` TIME NOT NULL,
  `load %` FLOAT NULL,
  duties SET('deck', 'engine', 'galley') NULL,
  PRIMARY KEY (`list no`, `signed on`, `at`)
);
CREATE TABLE tide_log (
  gauge VARCHAR(20) NULL,
  `at` DATETIME(6) NULL,
  millimetres BIGINT UNSIGNED NULL
);
CREATE VIEW quay_days AS
  SELECT m.port, m.`number`, m.`day`, COUNT(*) AS ships, q.`length`
  FROM moorings m JOIN quays q ON q.port = m.port AND q.`number` = m.`number`
  GROUP BY m.port, m.`number`, m.`day`, q.`length`;
INSERT INTO ports VALUES
  ('NORD', 'Größe Nord', NULL, 1901, ST_GeomFromText('POINT(1 2)')),
  ('EAST', 'Østre', 'NORD', NULL, NULL),
  ('QUAY', 'Kaïn', 'EAST', 2155, NULL);
INSERT INTO quays VALUES
  ('EAST', '1', 120.50, NULL, NULL),
  ('EAST', '1a', 80.00, 'EAST', '1'),
  ('QUAY', '1', 9.25, 'EAST', '1a'),
  ('QUAY', 'x#1', 10.00, 'NORD', '1');
INSERT INTO ships VALUES
  (X'00000000000000000000000000000000', 'AB1', 'Zoë 🦊', NULL, 19990131, 1700000000123, 'Y', b'00000101'),
  (X'00000000000000000000000000000041', 'AB2', '', X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', NULL, NULL, 'N', b'0'),
  (X'7F000000000000000000000000000041', 'AB3', 'Ann', X'00000000000000000000000000000000', 19991301, NULL, 'Y', b'0'),
  (X'80000000000000000000000000000000', 'AB4', 'Bea', NULL, 0, NULL, 'Y', b'0'),
  (X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'AB5', 'Cleo', X'00000000000000000000000000000041', 20240229, 0, '', b'11111111');
INSERT INTO moorings VALUES
  (X'00000000000000000000000000000041', 'EAST', '1', '2024-02-29', NULL),
  (X'00000000000000000000000000000041', 'EAST', '1a', '2024-02-29', 12345678901234567890.0000000001),
  (X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'EAST', '1', '2024-02-29', -0.5),
  (X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'QUAY', 'x#1', '2024-03-01', 0);
INSERT INTO `order` VALUES
  ('k1', 'g1', 1.25, NULL), ('k2', 'g1', 2.50, ''), ('k1', 'g2', -3.00, 'Line 1\nLine 2');
INSERT INTO `crew list` VALUES
  (7, '01.02.2024', '08:30:00', 33.3, 'galley,deck'),
  (7, '01.02.2024', '18:30:00', NULL, ''),
  (7, '1.2.2024', '08:30:00', NULL, NULL),
  (12, '29.02.2023', '08:30:00', NULL, NULL);
INSERT INTO tide_log VALUES
  ('north', '2024-01-01 00:00:00', 10),
  ('north', '2024-01-01 00:00:00.5', 18446744073709551615),
  ('north', '2024-01-01 00:00:00', 4),
  ('north', '2024-01-01 00:00:00', 4),
  ('south', '2024-01-01 00:00:00', 5),
  (NULL, '2024-01-01 00:00:00', 5),
  ('south', NULL, 6);
