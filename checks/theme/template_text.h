// What a theme's template prints whatever the site's settings and content are. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall::checks::theme {

// The text of a partial by its name ("components/navigation"); nullopt when it cannot be had.
using Partials = std::function<std::optional<std::string>(std::string_view)>;

// The template's text with everything in blocks and every expression replaced by kComputed, and
// partials that are always included put in their place. The block named `subject` ("post" on a
// post's page; "" for none) is what the page is about, so it is always rendered. nullopt when the
// template cannot be understood.
std::optional<std::string> certainText(std::string_view source, std::string_view subject,
                                       const Partials& partials);

}  // namespace rollcall::checks::theme
