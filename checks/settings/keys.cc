#include "checks/settings/keys.h"

#include <fmt/format.h>

#include <array>

namespace rollcall::checks::settings {
namespace {

// Not here: what Ghost works out from several settings and its own configuration
// (members_enabled, paid_members_enabled, default_email_address, ...), what no API shows, and
// is_private, which has a check of its own.
constexpr std::array kKeys{
    Key{"title", Kind::kShortText},
    Key{"description"},
    Key{"logo", Kind::kUrl},
    Key{"icon", Kind::kUrl},
    Key{"accent_color", Kind::kShortText},
    Key{"cover_image", Kind::kUrl},
    Key{"locale", Kind::kShortText},
    Key{"timezone", Kind::kShortText},
    Key{"navigation", Kind::kList},
    Key{"secondary_navigation", Kind::kList},
    Key{"codeinjection_head"},
    Key{"codeinjection_foot"},
    Key{"announcement_content", Kind::kAnnouncement},
    Key{"announcement_background", Kind::kAnnouncement},
    Key{"meta_title"},
    Key{"meta_description"},
    Key{"og_image", Kind::kUrl},
    Key{"og_title"},
    Key{"og_description"},
    Key{"twitter_image", Kind::kUrl},
    Key{"twitter_title"},
    Key{"twitter_description"},
    Key{"facebook"},
    Key{"twitter"},
    Key{"threads"},
    Key{"bluesky"},
    Key{"mastodon"},
    Key{"tiktok"},
    Key{"youtube"},
    Key{"instagram"},
    Key{"linkedin"},
    Key{"members_signup_access", Kind::kShortText},
    Key{"members_support_address"},
    Key{"portal_button", Kind::kFlag},
    Key{"portal_button_icon", Kind::kUrl},
    Key{"portal_button_signup_text"},
    Key{"portal_button_style", Kind::kShortText},
    Key{"portal_default_plan", Kind::kShortText},
    Key{"portal_name", Kind::kFlag},
    Key{"portal_plans", Kind::kList},
    Key{"portal_signup_checkbox_required", Kind::kFlag},
    Key{"portal_signup_terms_html"},
    Key{"portal_signup_gift_promotion", Kind::kFlag},
    Key{"portal_account_gift_promotion", Kind::kFlag},
    Key{"comments_enabled", Kind::kShortText},
    Key{"recommendations_enabled", Kind::kFlag},
    Key{"outbound_link_tagging", Kind::kFlag},
    Key{"editor_default_email_recipients", Kind::kShortText},
    Key{"transistor_portal_heading"},
    Key{"transistor_portal_description"},
    Key{"transistor_portal_button_text"},
    Key{"transistor_portal_url_template"},
    Key{"site_uuid"},
    Key{"labs", Kind::kLabs},
};

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}

std::string selectSql() {
  std::string names = "'announcement_visibility'";
  for (const Key& key : kKeys) names += fmt::format(",'{}'", key.name);
  return fmt::format(
      "SELECT `key`, value, updated_at, UTC_TIMESTAMP(3) FROM settings WHERE `key` IN ({})", names);
}

}  // namespace rollcall::checks::settings
