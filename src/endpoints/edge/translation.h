#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/sessions/identity.h"
#include "platform/config/attributes.h"

namespace latchkey::edge {

// The options of `edge:`.
struct EdgeOptions {
  enum class Translate { none, application_service };
  Translate translate = Translate::none;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("translate", translate,
          "What becomes of a good token on its way to the homeserver. none: nothing. "
          "application_service: the check names the user and the device, for a proxy that shows "
          "the token of an application service instead.",
          config::Choices<Translate>{{"none", Translate::none},
                                     {"application_service", Translate::application_service}});
  }
};

// What the homeserver reads instead of a token of ours (edge.translate: application_service): the
// query of the request with the identity that an application service asserts (Application Service
// API "Identity assertion"; MSC4326). The service's token is the proxy's to add: this server does
// not hand it out, so that nobody who reaches the check gets it.
//
// `query` is the client's, as it was sent. What it says of an identity itself goes, however it is
// spelled. Unexpected: readers could find one in it that is not found here.
struct Unclear {};
std::expected<std::string, Unclear> query_in_the_name_of(const sessions::Identity& who,
                                                         std::string_view server_name,
                                                         std::string_view query);

}  // namespace latchkey::edge
