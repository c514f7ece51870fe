// The part of Ghost's schema (5.x, 6.x) that Rollcall reads, with the columns and keys Ghost makes.
#pragma once

#include <string_view>

namespace rollcall::testing_support {

inline constexpr std::string_view kGhostTables = R"sql(
CREATE TABLE posts (
  id varchar(24) NOT NULL PRIMARY KEY, uuid varchar(36) NOT NULL DEFAULT '',
  title varchar(2000) NOT NULL DEFAULT '', slug varchar(191) NOT NULL,
  lexical longtext, html longtext, plaintext longtext,
  featured tinyint(1) NOT NULL DEFAULT 0, type varchar(50) NOT NULL DEFAULT 'post',
  status varchar(50) NOT NULL DEFAULT 'draft', visibility varchar(50) NOT NULL DEFAULT 'public',
  created_at datetime NOT NULL, updated_at datetime NULL, published_at datetime NULL,
  canonical_url text NULL, feature_image varchar(2000) NULL, custom_template varchar(100) NULL,
  UNIQUE KEY posts_slug_type_unique (slug, type), KEY posts_uuid_index (uuid),
  KEY posts_updated_at_index (updated_at), KEY posts_published_at_index (published_at),
  KEY posts_type_status_updated_at_index (type, status, updated_at)) CHARACTER SET utf8mb4;
CREATE TABLE tags (
  id varchar(24) NOT NULL PRIMARY KEY, name varchar(191) NOT NULL DEFAULT '',
  slug varchar(191) NOT NULL UNIQUE, visibility varchar(50) NOT NULL DEFAULT 'public',
  feature_image varchar(2000) NULL,
  created_at datetime NOT NULL, updated_at datetime NULL) CHARACTER SET utf8mb4;
CREATE TABLE users (
  id varchar(24) NOT NULL PRIMARY KEY, name varchar(191) NOT NULL DEFAULT '',
  slug varchar(191) NOT NULL UNIQUE, password varchar(60) NOT NULL DEFAULT '',
  email varchar(191) NOT NULL DEFAULT '', visibility varchar(50) NOT NULL DEFAULT 'public',
  status varchar(50) NOT NULL DEFAULT 'active', last_seen datetime NULL,
  profile_image varchar(2000) NULL, cover_image varchar(2000) NULL,
  created_at datetime NOT NULL, updated_at datetime NULL) CHARACTER SET utf8mb4;
CREATE TABLE posts_tags (
  id varchar(24) NOT NULL PRIMARY KEY, post_id varchar(24) NOT NULL, tag_id varchar(24) NOT NULL,
  sort_order int unsigned NOT NULL DEFAULT 0,
  KEY posts_tags_tag_id_foreign (tag_id), KEY posts_tags_post_id_tag_id_index (post_id, tag_id),
  CONSTRAINT FOREIGN KEY (post_id) REFERENCES posts (id),
  CONSTRAINT FOREIGN KEY (tag_id) REFERENCES tags (id)) CHARACTER SET utf8mb4;
CREATE TABLE posts_authors (
  id varchar(24) NOT NULL PRIMARY KEY, post_id varchar(24) NOT NULL,
  author_id varchar(24) NOT NULL, sort_order int unsigned NOT NULL DEFAULT 0,
  KEY posts_authors_post_id_foreign (post_id), KEY posts_authors_author_id_foreign (author_id),
  CONSTRAINT FOREIGN KEY (post_id) REFERENCES posts (id),
  CONSTRAINT FOREIGN KEY (author_id) REFERENCES users (id)) CHARACTER SET utf8mb4;
CREATE TABLE settings (
  id varchar(24) NOT NULL PRIMARY KEY, `key` varchar(50) NOT NULL UNIQUE, value text NULL,
  created_at datetime NULL, updated_at datetime NULL) CHARACTER SET utf8mb4;
CREATE TABLE integrations (
  id varchar(24) NOT NULL PRIMARY KEY, type varchar(50) NOT NULL DEFAULT 'custom',
  name varchar(191) NOT NULL DEFAULT '', slug varchar(191) NOT NULL UNIQUE) CHARACTER SET utf8mb4;
CREATE TABLE api_keys (
  id varchar(24) NOT NULL PRIMARY KEY, type varchar(50) NOT NULL,
  secret varchar(191) NOT NULL UNIQUE, integration_id varchar(24) NULL) CHARACTER SET utf8mb4;
CREATE TABLE emails (
  id varchar(24) NOT NULL PRIMARY KEY, post_id varchar(24) NOT NULL UNIQUE,
  status varchar(50) NOT NULL DEFAULT 'pending', email_count int unsigned NOT NULL DEFAULT 0,
  subject varchar(300) NULL, html longtext, submitted_at datetime NOT NULL DEFAULT '2026-01-01',
  created_at datetime NOT NULL, updated_at datetime NULL) CHARACTER SET utf8mb4;
CREATE TABLE post_revisions (
  id varchar(24) NOT NULL PRIMARY KEY, post_id varchar(24) NOT NULL, lexical longtext,
  created_at_ts bigint NOT NULL, created_at datetime NOT NULL, author_id varchar(24) NULL,
  title varchar(2000) NULL, post_status varchar(50) NULL, reason varchar(50) NULL,
  KEY post_revisions_post_id_index (post_id)) CHARACTER SET utf8mb4;
CREATE TABLE migrations (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(120) NOT NULL,
  version varchar(70) NOT NULL, currentVersion varchar(255) NULL,
  UNIQUE KEY migrations_name_version_unique (name, version)) CHARACTER SET utf8mb4;
CREATE TABLE migrations_lock (
  lock_key varchar(191) NOT NULL PRIMARY KEY, locked tinyint(1) DEFAULT 0,
  acquired_at datetime NULL, released_at datetime NULL) CHARACTER SET utf8mb4;
)sql";

}  // namespace rollcall::testing_support
