#include "checks/canary/upload.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "daemon/content/own_files.h"

namespace rollcall::checks::canary {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kName = "rollcall-write-through-1-2-3.ico";

HttpResponse answer(int status, std::string body, std::string type = "application/json") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = {{"content-type", std::move(type)}};
  return response;
}
HttpResponse stored(const std::string& url) {
  return answer(201, fmt::format(R"({{"images":[{{"url":"{}","ref":null}}]}})", url));
}

TEST(CanaryUpload, IsAFormWithAnIconOfTheSizeThatMayBeRemoved) {
  EXPECT_EQ(icon().size(), kUploadBytes);
  const Form form = formFor(kName);
  EXPECT_EQ(form.contentType, fmt::format("multipart/form-data; boundary=rollcall-{}", kName));
  EXPECT_THAT(form.body, HasSubstr(fmt::format("name=\"file\"; filename=\"{}\"\r\n", kName)));
  EXPECT_THAT(form.body, HasSubstr(fmt::format("\r\n\r\n{}\r\n--", icon())));
}

TEST(CanaryUpload, ItsPlaceIsTakenFromTheAnswerWhenItIsBelowContentImages) {
  const std::string path = fmt::format("/content/images/2026/11/{}", kName);
  for (const char* site : {"https://e.org", "http://127.0.0.1:2368", "https://e.org/blog"}) {
    const UploadSight sight = uploadSightOf(stored(site + path), kName);
    EXPECT_EQ(sight.kind, UploadSight::Kind::kStored);
    EXPECT_EQ(sight.path, path) << site;
  }
  for (const std::string& url :
       {"https://cdn.e.org/2026/11/" + std::string(kName), std::string(),
        "https://e.org" + path + "?x", "https://e.org/content/images/2026/../" + std::string(kName),
        "https://e.org/content/images/2026/11/x-" + std::string(kName),
        "https://e.org/content/images/a b/" + std::string(kName)}) {
    const UploadSight sight = uploadSightOf(stored(url), kName);
    EXPECT_EQ(sight.kind, UploadSight::Kind::kStored) << url;
    EXPECT_EQ(sight.path, "") << url;
  }
}

TEST(CanaryUpload, WhatGhostCouldNotStoreIsToldFromWhatItRefuses) {
  using Kind = UploadSight::Kind;
  const UploadSight failed = uploadSightOf(
      answer(
          500,
          R"({"errors":[{"message":"Internal server error, cannot upload image.",)"
          R"("context":"Please try again. EROFS: read-only file system, copyfile 'a' -> 'b'"}]})"),
      kName);
  EXPECT_EQ(failed.kind, Kind::kFailed);
  EXPECT_THAT(failed.said, HasSubstr("EROFS: read-only file system"));
  for (const int status : {401, 403, 404, 413, 415, 422, 429, 502, 503}) {
    const UploadSight sight = uploadSightOf(answer(status, ""), kName);
    EXPECT_EQ(sight.kind, Kind::kUnseen) << status;
    EXPECT_NE(sight.why.message, "") << status;
  }
  for (const char* body : {"", "[]", "{}", R"({"images":[]})", R"({"images":[{"url":1}]})"})
    EXPECT_EQ(uploadSightOf(answer(201, body), kName).kind, Kind::kUnseen) << body;
  EXPECT_EQ(uploadSightOf(Error{ErrorCode::kDeadlineExceeded, ""}, kName).kind, Kind::kSilent);
  EXPECT_EQ(uploadSightOf(Error{ErrorCode::kUnavailable, ""}, kName).kind, Kind::kUnseen);
}

TEST(CanaryUpload, IsServedMissingOrCannotBeRead) {
  using Kind = Fetch::Kind;
  EXPECT_EQ(fetchOf(answer(200, std::string(icon()), "image/x-icon")).kind, Kind::kServed);
  EXPECT_EQ(fetchOf(answer(404, "Image not found", "text/plain")).kind, Kind::kMissing);
  EXPECT_EQ(fetchOf(answer(500, "", "text/plain")).kind, Kind::kFailing);
  for (const Result<HttpResponse>& other : std::vector<Result<HttpResponse>>{
           answer(200, "<html>", "text/html"), answer(301, ""), answer(503, ""),
           Error{ErrorCode::kUnavailable, "refused"}}) {
    EXPECT_EQ(fetchOf(other).kind, Kind::kUnseen);
    EXPECT_TRUE(fetchOf(other).asked);
    EXPECT_NE(fetchOf(other).why.message, "");
  }
}

TEST(CanaryUpload, TheErrorIsFoundInGhostsMessage) {
  EXPECT_EQ(errnoIn("Please try again. EROFS: read-only file system"), "EROFS");
  EXPECT_EQ(errnoIn("ENOSPC: no space left on device, copyfile 'a: b'"), "ENOSPC");
  for (const char* none : {"", ":", "Error: E: EVEN so", "The server has encountered an error."})
    EXPECT_EQ(errnoIn(none), "") << none;
}

// A row per pod that uploaded: 'y' served, 'n' missing, '5' cannot be read, '.' not known.
Fetched fetched(const std::vector<std::string>& rows) {
  Fetched all;
  for (const std::string& row : rows) {
    auto& list = all.emplace_back();
    for (const char c : row)
      list.push_back({.kind = c == 'y'   ? Fetch::Kind::kServed
                              : c == 'n' ? Fetch::Kind::kMissing
                              : c == '5' ? Fetch::Kind::kFailing
                                         : Fetch::Kind::kUnseen,
                      .asked = true});
  }
  return all;
}

TEST(CanaryUpload, NothingIsApartWherePodsServeEachOther) {
  for (const auto& rows : std::vector<std::vector<std::string>>{
           {}, {"y"}, {"yy", "yy"}, {"yyy", "yyy", "yyy"}, {"y.", ".y"}, {"y5", ".."}}) {
    const Parted parted = part(fetched(rows));
    EXPECT_THAT(parted.apart, IsEmpty());
    EXPECT_THAT(parted.undecided, IsEmpty());
  }
}

TEST(CanaryUpload, ThePodThatIsNotWithTheMostIsApart) {
  const Parted parted = part(fetched({"yny", "nyn", "yny"}));
  ASSERT_EQ(parted.apart.size(), 1u);
  EXPECT_THAT(parted.apart.at(1), ElementsAre(Pair(0, 1), Pair(1, 0), Pair(1, 2), Pair(2, 1)));
  EXPECT_THAT(parted.undecided, IsEmpty());
}

TEST(CanaryUpload, OneThatCannotStoreIsApartByWhatItMisses) {
  const Parted parted = part(fetched({"yny", "...", "yny"}));
  ASSERT_EQ(parted.apart.size(), 1u);
  EXPECT_THAT(parted.apart.at(1), ElementsAre(Pair(0, 1), Pair(2, 1)));
}

TEST(CanaryUpload, OneThatLacksASingleUploadIsApartAlthoughItServesOthers) {
  const Parted parted = part(fetched({"yyy", "yyn", "yyy"}));
  ASSERT_EQ(parted.apart.size(), 1u);
  EXPECT_THAT(parted.apart.at(2), ElementsAre(Pair(1, 2)));
}

TEST(CanaryUpload, OneThatLacksItsOwnIsApart) {
  const Parted parted = part(fetched({"yy", "yn"}));
  ASSERT_EQ(parted.apart.size(), 1u);
  EXPECT_THAT(parted.apart.at(1), ElementsAre(Pair(1, 1)));
}

TEST(CanaryUpload, PartsOfEqualSizeAreUndecided) {
  EXPECT_THAT(part(fetched({"yn", "ny"})).undecided, ElementsAre(Pair(0, 1), Pair(1, 0)));
  EXPECT_THAT(part(fetched({"yn", "ny"})).apart, IsEmpty());
  EXPECT_EQ(part(fetched({"yynn", "yynn", "nnyy", "nnyy"})).undecided.size(), 8u);
  EXPECT_EQ(part(fetched({"ynn", "nyn", "nny"})).undecided.size(), 6u);
}

}  // namespace
}  // namespace rollcall::checks::canary
