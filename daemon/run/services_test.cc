#include "daemon/run/services.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(SiteOf, putsTheAdminBelowTheSitesSubdirectory) {
  struct Row {
    const char* url;
    const char* admin;
    const char* expected;
  };
  const Row rows[] = {
      {"https://e.org", "https://admin.e.org", "https://admin.e.org"},
      {"https://e.org/blog", "https://admin.e.org", "https://admin.e.org/blog"},
      {"https://e.org/blog", "https://admin.e.org/blog", "https://admin.e.org/blog"},
      {"https://e.org", nullptr, "https://e.org"},
      {"https://e.org/blog", nullptr, "https://e.org/blog"},
  };
  for (const Row& row : rows) {
    std::optional<Url> admin;
    if (row.admin) admin = *parseUrl(row.admin);
    EXPECT_EQ(siteOf(*parseUrl(row.url), admin).admin.text(), row.expected) << row.url;
  }
}

TEST(MakeServices, saysThatPodsFromKubernetesNeedACluster) {
  const SystemClock clock;
  Config config;
  config.url = *parseUrl("https://e.org");
  config.kubernetes = KubernetesConfig{.selector = "app=ghost"};
  const auto services = makeServices(clock, config);
  ASSERT_FALSE(services);
  EXPECT_EQ(services.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(services.error().message.find("KUBERNETES_SERVICE_HOST is not set"), std::string::npos);
}

}  // namespace
}  // namespace rollcall
