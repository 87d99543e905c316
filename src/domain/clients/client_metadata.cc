#include "domain/clients/client_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <span>

#include "domain/clients/redirect_uri.h"
#include "platform/text/canonical_json.h"
#include "platform/text/shown.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;
using Limits = MetadataLimits;

constexpr std::string_view kAuthorizationCode = name_of(Grant::authorization_code);
constexpr std::array<std::string_view, 4> kLocalizedUris = {"client_uri", "logo_uri", "tos_uri",
                                                            "policy_uri"};

// A language tag as far as its shape goes (RFC 5646 section 2.1).
bool is_language(std::string_view tag) {
  if (tag.size() > 35) return false;
  std::size_t length = 0;
  for (const char c : tag) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '-' ? length == 0 : !letter || length == 8) return false;
    length = c == '-' ? 0 : length + 1;
  }
  return length > 0;
}

std::vector<std::string_view> open_grants() {
  std::vector<std::string_view> names;
  for (const GrantType& type : kGrantTypes) {
    if (type.open) names.push_back(type.name);
  }
  return names;
}

// fr_FR, as the locales of programs are written, means fr-FR.
std::string with_hyphens(std::string_view text) {
  std::string result(text);
  const auto language = result.begin() + static_cast<std::ptrdiff_t>(result.find('#'));
  std::replace(language, result.end(), '_', '-');
  return result;
}

// Takes the fields that are accepted over, one after the other, up to the first that is refused.
class Acceptance {
 public:
  Acceptance(const json::object& asked, Hosts hosts) : asked_(asked), hosts_(hosts) {}

  std::expected<json::object, RegistrationError> take() {
    take_texts();
    if (!refused_) take_application_type();
    if (!refused_) take_grants();
    if (!refused_) take_redirect_uris("redirect_uris");
    if (!refused_) take_redirect_uris("post_logout_redirect_uris");
    if (!refused_) take_algorithms();
    if (!refused_ && text::canonical_json(accepted_).size() > Limits::kAll) {
      refuse("the metadata are too long: more than {} bytes", Limits::kAll);
    }
    if (refused_) return std::unexpected(*std::move(refused_));
    return std::move(accepted_);
  }

 private:
  // Keeps the first refusal; what is taken after it is never seen.
  void refuse(RegistrationError::Code code, std::string sentence) {
    if (!refused_) refused_ = RegistrationError{code, std::move(sentence)};
  }
  template <class... Args>
  void refuse(fmt::format_string<Args...> format, Args&&... args) {
    refuse(RegistrationError::Code::invalid_client_metadata,
           fmt::format(format, std::forward<Args>(args)...));
  }

  // Null counts as not given: some libraries write out what they have not.
  const json::value* find(std::string_view name) const {
    const json::value* value = asked_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  // Absent: refused.
  std::optional<std::string_view> text_of(std::string_view name, const json::value& value,
                                          std::size_t longest) {
    const auto* text = value.if_string();
    if (text == nullptr) {
      refuse("{}: expected a string", name);
    } else if (text->size() > longest) {
      refuse("{}: longer than {} bytes", name, longest);
    } else if (!is_showable(*text)) {
      refuse("{}: has control characters, or nothing that people can see", name);
    } else {
      return std::string_view(*text);
    }
    return std::nullopt;
  }

  // Absent: not given, or refused.
  std::optional<std::string_view> text(std::string_view name) {
    const json::value* value = find(name);
    return value == nullptr ? std::nullopt : text_of(name, *value, Limits::kUri);
  }

  // Empty: not given, or refused.
  std::vector<std::string_view> texts(std::string_view name, std::size_t most) {
    const json::value* value = find(name);
    if (value == nullptr) return {};
    const auto* array = value->if_array();
    if (array == nullptr) {
      refuse("{}: expected a list", name);
      return {};
    }
    if (array->size() > most) {
      refuse("{}: more than {}", name, most);
      return {};
    }
    std::vector<std::string_view> result;
    for (const json::value& element : *array) {
      const auto read = text_of(name, element, Limits::kUri);
      if (!read) return {};
      const std::string_view one = *read;
      if (std::ranges::find(result, one) == result.end()) result.push_back(one);
    }
    return result;
  }

  // Those of a list that this server knows.
  json::array known(std::string_view name, std::span<const std::string_view> all) {
    constexpr std::size_t kMost = 50;
    json::array result;
    for (const std::string_view one : texts(name, kMost)) {
      if (std::ranges::find(all, one) != all.end()) result.emplace_back(one);
    }
    return result;
  }

  // The field and the same in other languages (RFC 7591 section 2.2), each checked.
  template <class Check>
  void take_localized(std::string_view name, std::size_t longest, Check check) {
    std::size_t languages = 0;
    for (const auto& entry : asked_) {
      const std::string_view key = entry.key();
      const bool localized =
          key.size() > name.size() && key.starts_with(name) && key[name.size()] == '#';
      if ((key != name && !localized) || entry.value().is_null()) continue;
      const std::string kept = localized ? with_hyphens(key) : std::string(key);
      if (kept != key && find(kept) != nullptr) continue;  // written both ways
      if (localized && !is_language(std::string_view(kept).substr(name.size() + 1))) {
        return refuse("{}: what follows # is no language tag", name);
      }
      if (localized && ++languages > Limits::kLanguages) {
        return refuse("{}: in more than {} languages", name, Limits::kLanguages);
      }
      const auto value = text_of(key, entry.value(), longest);
      if (value && !value->empty()) check(key, *value);
      if (refused_) return;
      if (!value->empty()) accepted_[kept] = *value;
    }
  }

  void check_uri(std::string_view name, std::string_view value) {
    const auto uri = Uri::parse(value);
    if (!uri) {
      refuse("{}: is not an absolute URI", name);
    } else if (!is_web_uri(*uri, hosts_)) {
      refuse("{}: must be https, of a host that has a domain name, without a user", name);
    } else if (!within_host(uri->host, host_)) {
      refuse("{}: must be on {}, the host of client_uri, or on a subdomain of it", name, host_);
    }
  }

  void take_texts() {
    const auto base = text("client_uri");
    if (!base || base->empty()) return refuse("client_uri: is missing");
    if (const auto uri = Uri::parse(*base)) host_ = uri->host;
    for (const std::string_view name : kLocalizedUris) {
      if (refused_) return;
      take_localized(name, Limits::kUri, [this](std::string_view key, std::string_view value) {
        check_uri(key, value);
      });
    }
    if (!refused_)
      take_localized("client_name", Limits::kName, [](std::string_view, std::string_view) {});
  }

  void take_application_type() {
    const std::string_view type = text("application_type").value_or("web");
    if (type != "web" && type != "native") refuse("application_type: expected web or native");
    type_ = type == "web" ? ApplicationType::web : ApplicationType::native;
    accepted_["application_type"] = type;
  }

  // What is left out has the defaults of RFC 7591 section 2, whose table in section 2.1 says which
  // grants and responses belong together.
  void take_grants() {
    json::array grants{kAuthorizationCode};
    if (find("grant_types") != nullptr) grants = known("grant_types", open_grants());
    bool signs_in = false;
    for (const GrantType& type : kGrantTypes) {
      if (std::ranges::find(grants, json::value(type.name)) == grants.end()) continue;
      signs_in = signs_in || type.signs_in;
      codes_ = codes_ || type.grant == Grant::authorization_code;
    }
    if (!signs_in) refuse("grant_types: expected at least one of {}", sign_in_grant_names(" and "));
    json::array responses;
    if (codes_) responses.emplace_back("code");
    if (find("response_types") != nullptr) {
      constexpr std::array<std::string_view, 1> kCode = {"code"};
      const bool asks = !known("response_types", kCode).empty();
      if (asks && !codes_) refuse("response_types: code is of the grant {}", kAuthorizationCode);
      if (!asks && codes_) {
        refuse("response_types: the grant {} needs code, the only one of this server",
               kAuthorizationCode);
      }
    }
    accepted_["grant_types"] = std::move(grants);
    accepted_["response_types"] = std::move(responses);
  }

  void take_redirect_uris(std::string_view name) {
    const auto uris = texts(name, Limits::kRedirectUris);
    json::array kept;
    for (const std::string_view uri : uris) {
      if (const auto problem = redirect_uri_problem(uri, type_, host_, hosts_)) {
        return refuse(RegistrationError::Code::invalid_redirect_uri,
                      fmt::format("{}: '{}' {}", name, uri, *problem));
      }
      const json::value one(kept_redirect_uri(uri, type_));
      if (std::ranges::find(kept, one) == kept.end()) kept.push_back(one);
    }
    if (name == "redirect_uris" && uris.empty() && codes_) {
      refuse(RegistrationError::Code::invalid_redirect_uri,
             fmt::format("redirect_uris: the grant {} needs one", kAuthorizationCode));
    }
    if (!kept.empty()) accepted_[name] = std::move(kept);
  }

  void take_algorithms() {
    // Who does not say so does not get RFC 7591's default, client_secret_basic: a server may
    // choose another value (section 3.2.1), and says which.
    const std::string_view method = text("token_endpoint_auth_method").value_or("none");
    if (method != "none") {
      refuse(
          "token_endpoint_auth_method: clients that register themselves are public, expected none; "
          "a client with a secret or a key is set up by the server's operator");
    }
    accepted_["token_endpoint_auth_method"] = method;
    const std::string_view signing = text("id_token_signed_response_alg").value_or("RS256");
    if (signing != "RS256" && signing != "ES256") {
      refuse("id_token_signed_response_alg: expected RS256 or ES256");
    }
    accepted_["id_token_signed_response_alg"] = signing;
  }

  const json::object& asked_;
  const Hosts hosts_;
  json::object accepted_;
  std::optional<RegistrationError> refused_;
  std::string host_;  // of client_uri
  ApplicationType type_ = ApplicationType::web;
  bool codes_ = false;
};

Localized localized_of(const json::object& metadata, std::string_view name) {
  Localized result;
  for (const auto& entry : metadata) {
    const std::string_view key = entry.key();
    const auto* value = entry.value().if_string();
    if (value == nullptr || !key.starts_with(name)) continue;
    if (key.size() == name.size()) {
      result.text = *value;
    } else if (key[name.size()] == '#') {
      result.languages.emplace_back(with_hyphens(key).substr(name.size() + 1), *value);
    }
  }
  return result;
}

std::vector<std::string> list_of(const json::object& metadata, std::string_view name) {
  std::vector<std::string> result;
  const json::value* value = metadata.if_contains(name);
  const auto* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return result;
  for (const json::value& element : *array) {
    if (const auto* text = element.if_string()) result.emplace_back(*text);
  }
  return result;
}

std::string_view text_or(const json::object& metadata, std::string_view name,
                         std::string_view otherwise) {
  const json::value* value = metadata.if_contains(name);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? otherwise : std::string_view(*text);
}

}  // namespace

bool is_showable(std::string_view text) {
  return text.empty() || (!text::has_controls(text) && !text::shown(text).empty());
}

std::expected<json::object, RegistrationError> accept_metadata(const json::object& asked,
                                                               Hosts hosts) {
  return Acceptance(asked, hosts).take();
}

Client client_of(std::string id, const json::object& accepted) {
  Client client;
  client.id = std::move(id);
  client.name = localized_of(accepted, "client_name");
  client.client_uri = localized_of(accepted, "client_uri");
  client.logo_uri = localized_of(accepted, "logo_uri");
  client.tos_uri = localized_of(accepted, "tos_uri");
  client.policy_uri = localized_of(accepted, "policy_uri");
  if (text_or(accepted, "application_type", "web") == "native") {
    client.type = ApplicationType::native;
  }
  client.redirect_uris = list_of(accepted, "redirect_uris");
  client.post_logout_redirect_uris = list_of(accepted, "post_logout_redirect_uris");
  client.grant_types = list_of(accepted, "grant_types");
  client.response_types = list_of(accepted, "response_types");
  client.id_token_signed_response_alg =
      text_or(accepted, "id_token_signed_response_alg", client.id_token_signed_response_alg);
  return client;
}

}  // namespace latchkey::clients
