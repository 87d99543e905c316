#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "domain/clients/client.h"
#include "domain/clients/redirect_uri.h"

// Client metadata (RFC 7591 section 2; spec "Client metadata"), as it comes, is kept, and is
// answered.
namespace latchkey::clients {

// Why a registration is refused (RFC 7591 section 3.2.2); too_many: for now.
struct RegistrationError {
  enum class Code { invalid_redirect_uri, invalid_client_metadata, too_many } code;
  std::string sentence;  // what is wrong with the metadata
};

struct MetadataLimits {
  static constexpr std::size_t kRedirectUris = 20;
  static constexpr std::size_t kLanguages = 50;  // of one field
  static constexpr std::size_t kUri = 2048;      // bytes
  static constexpr std::size_t kName = 255;      // bytes
  static constexpr std::size_t kAll = 4 * 1024;  // bytes of what is kept
};

// The metadata of a client that registers itself, as far as this server takes it: what it does
// not know is left out, defaults are written out. Nothing is fetched.
std::expected<boost::json::object, RegistrationError> accept_metadata(
    const boost::json::object& asked, Hosts hosts = Hosts::public_names);

// The client of metadata that were accepted once. Checks nothing again, so that a client that
// people are signed in with outlives rules that have become stricter.
Client client_of(std::string id, const boost::json::object& accepted);

// Whether people can be shown the text (text/shown.h): no control characters, none that turn the
// direction of writing, and something to see.
bool is_showable(std::string_view text);

}  // namespace latchkey::clients
