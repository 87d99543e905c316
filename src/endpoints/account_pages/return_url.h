#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey::account_pages {

// Where an app of the legacy API wants its person back with a login token (spec "redirectUrl"). It
// registers nowhere, so the person is shown `shown` and decides.
struct ReturnUrl {
  std::string url;
  std::string shown;  // the host, or the scheme of an app on this device

  // With loginToken in its query, before a fragment.
  std::string with_login_token(std::string_view token) const;
};

// Absent: no address that a login token may be sent to. As with OAuth 2.0 clients that is https,
// http on this machine, and the scheme of an app; and nothing that makes a host look like another.
std::optional<ReturnUrl> read_return_url(std::string_view text);

}  // namespace latchkey::account_pages
