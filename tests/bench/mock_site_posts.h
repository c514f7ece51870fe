// What the mock site holds: each resource is a pure function of the seed and its number, so that
// the pods and the database's rows agree without either keeping them.
#pragma once

#include <cstdint>
#include <string>

namespace rollcall::bench {

enum class Type { kPost, kPage, kTag, kAuthor, kDraft };

struct Shape {
  std::uint64_t seed = 1;
  std::uint32_t posts = 1'000;
  std::uint32_t pages = 10;
  std::uint32_t tags = 20;
  std::uint32_t authors = 5;
  std::uint32_t drafts = 5;  // in the database alone
};

constexpr std::int64_t kFirstSecond = 1'577'836'800;  // 2020-01-01; a post a minute from then on

struct Resource {
  std::string id;    // as an ObjectId: 24 hexadecimal characters, ascending with the number
  std::string slug;  // unique within its type
  std::string title;
  std::int64_t published;  // seconds since the epoch, of posts, pages and drafts
};
Resource resourceOf(const Shape& shape, Type type, std::uint32_t number);

// The number of a slug that resourceOf made; a number beyond all when it is none.
std::uint32_t numberOf(const Shape& shape, Type type, std::string_view slug);

// "2026-01-31T23:30:00.000Z" for APIs and sitemaps, "2026-01-31 23:30:00" for the database.
std::string isoOf(std::int64_t seconds);
std::string sqlTimeOf(std::int64_t seconds);

}  // namespace rollcall::bench
