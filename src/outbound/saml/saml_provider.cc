#include "outbound/saml/saml_provider.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "outbound/saml/binding.h"
#include "outbound/saml/files.h"
#include "outbound/saml/messages.h"
#include "outbound/saml/names.h"
#include "platform/text/json.h"
#include "platform/text/shown.h"

namespace latchkey::outbound {
namespace {

namespace json = boost::json;
using providers::Departure;
using providers::Failure;
using providers::Fields;
using providers::Reply;
using providers::single;
using Why = Failure::Why;

constexpr std::string_view kRequest = "SAMLRequest";
constexpr std::string_view kResponse = "SAMLResponse";
constexpr std::string_view kRelayState = "RelayState";
constexpr std::size_t kLongestRelayState = 80;  // SAML Bindings section 3.4.3
constexpr std::size_t kLongestSession = 255;

std::optional<crypto::KeyPair> configured_key(const SamlOptions& options) {
  if (options.key.empty()) return std::nullopt;
  const auto pem = saml::read_file(options.certificate_file.value, saml::kMostCertificate);
  auto pair = pem ? crypto::read_key_pair(options.key, *pem) : std::unexpected(pem.error());
  // It could be read when the configuration was.
  if (!pair) throw std::runtime_error("certificate_file: " + pair.error());
  return *std::move(pair);
}

saml::Keys metadata_signers(const SamlOptions& options) {
  if (options.metadata_certificate_file.empty()) return {};
  const auto pem = saml::read_file(options.metadata_certificate_file.value, saml::kMostCertificate);
  const auto der = pem ? crypto::certificate_in_pem(*pem) : std::nullopt;
  if (!der) throw std::runtime_error("metadata_certificate_file cannot be read any more");
  return {*der};
}

bool is_subject(std::string_view text) {
  return !text.empty() && text.size() <= providers::kLongestSubject && !text::has_controls(text);
}

std::string format_name(std::string_view format) {
  const std::size_t colon = format.rfind(':');
  return std::string(colon == format.npos ? format : format.substr(colon + 1));
}

Secret hint_of(const saml::NameId& who, std::string_view session_index) {
  return Secret(json::serialize(json::object{{"name", who.value},
                                             {"format", who.format},
                                             {"name_qualifier", who.name_qualifier},
                                             {"sp_name_qualifier", who.sp_name_qualifier},
                                             {"session_index", session_index}}));
}

}  // namespace

SamlProvider::SamlProvider(Parts parts)
    : parts_(std::move(parts)),
      options_(parts_.options),
      entity_id_(options_.entity_id.empty() ? parts_.metadata : options_.entity_id),
      configured_key_(configured_key(options_)),
      metadata_signers_(metadata_signers(options_)),
      calls_(options_.timeout, options_.ca_file.value),
      metadata_(parts_.clock, [this](const CallLimits& limits) { return fetch(limits); }) {}

crypto::KeyPair SamlProvider::key() const {
  return configured_key_ ? *configured_key_ : parts_.key();
}

// --- the provider's metadata ---

Reply<std::string> SamlProvider::fetch_text(const CallLimits& limits) const {
  if (!options_.metadata_file.empty()) {
    auto text = saml::read_file(options_.metadata_file.value, saml::kMostMetadata);
    if (text) return *std::move(text);
    return std::unexpected(
        failure(Why::misconfigured, "no_metadata", "metadata_file " + text.error()));
  }
  const std::string whom = "the provider's metadata at " + options_.metadata_url;
  auto answer = calls_.send({.method = "GET",
                             .url = options_.metadata_url,
                             .accept = "application/samlmetadata+xml, application/xml, text/xml"},
                            whom, limits);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (answer->status != 200) {
    return std::unexpected(failure(Why::misconfigured, "no_metadata",
                                   whom + " answered " + std::to_string(answer->status)));
  }
  return std::move(answer->body);
}

Reply<saml::Metadata> SamlProvider::fetch(const CallLimits& limits) const {
  const auto text = fetch_text(limits);
  if (!text) {
    parts_.log.warning("an identity provider's metadata were not read",
                       {{"why", text.error().sentence}});
    return std::unexpected(text.error());
  }
  auto metadata =
      metadata_signers_.empty()
          ? saml::read_metadata(*text, options_.provider_entity_id)
          : saml::read_signed_metadata(*text, options_.provider_entity_id, metadata_signers_);
  if (!metadata) {
    const std::string sentence = "the provider's metadata: the document " + metadata.error();
    parts_.log.warning("an identity provider's metadata were not read", {{"why", sentence}});
    return std::unexpected(failure(Why::misconfigured, "bad_metadata", sentence));
  }
  return *std::move(metadata);
}

Reply<SamlProvider::MetadataCache::Pointer> SamlProvider::metadata(const CallLimits& limits) {
  auto found = metadata_.get(limits);
  if (!found) return std::unexpected(std::move(found.error()));
  const auto& until = (*found)->valid_until;
  if (until && *until + options_.clock_skew <= parts_.clock.now()) {
    return std::unexpected(failure(Why::misconfigured, "expired_metadata",
                                   "the provider's metadata are good no more (validUntil)"));
  }
  return *std::move(found);
}

template <class T, class Read>
Reply<T> SamlProvider::with_keys(MetadataCache::Budget& budget, const CallLimits& limits,
                                 const Read& read) {
  const auto known = metadata(limits);
  if (!known) return std::unexpected(known.error());
  auto said = read(**known);
  if (said || said.error().reason != saml::fault::kWrong) return said;
  const auto newer = metadata_.renew(*known, budget, limits);
  if (newer && *newer != *known) return read(**newer);
  return said;
}

// --- going there ---

saml::Header SamlProvider::header(std::string destination) const {
  return {.id = saml::new_id(),
          .destination = std::move(destination),
          .issuer = entity_id_,
          .now = parts_.clock.now()};
}

Departure SamlProvider::depart(const saml::Endpoint& to, bool answer, std::string_view parameter,
                               std::string xml, std::string relay_state) const {
  const std::string& place =
      answer && !to.response_location.empty() ? to.response_location : to.location;
  const saml::Message message{
      .parameter = parameter, .xml = std::move(xml), .relay_state = std::move(relay_state)};
  if (to.binding == saml::binding::kRedirect) {
    return {.url = saml::redirect_url(place, message, key())};
  }
  return {.url = place, .posted = saml::post_fields(message, key())};
}

Reply<Departure> SamlProvider::begin(const providers::Beginning& beginning,
                                     const CallLimits& limits) {
  const auto known = metadata(limits);
  if (!known) return std::unexpected(known.error());
  const saml::Metadata& there = **known;
  const bool by_form = options_.binding == SamlOptions::Binding::post;
  const auto* endpoint =
      there.sign_on_by(by_form ? saml::binding::kPost : saml::binding::kRedirect);
  if (endpoint == nullptr) endpoint = &there.sign_on.front();
  const saml::AuthnRequest request{.header = header(endpoint->location),
                                   .acs = parts_.acs,
                                   .name_format = options_.name_format(),
                                   .force = beginning.again,
                                   .contexts = options_.authn_contexts};
  Departure departure = depart(*endpoint, false, kRequest, write(request), beginning.state);
  departure.memo = request.header.id;
  return departure;
}

// --- coming back ---

std::optional<std::string> SamlProvider::state_of(const Fields& fields) const {
  const auto state = single(fields, kRelayState);
  if (!state || state->empty()) return std::nullopt;
  return std::string(*state);
}

Reply<saml::Statement> SamlProvider::read(std::string_view xml, const saml::Expected& expected,
                                          const CallLimits& limits) {
  const crypto::KeyPair ours = key();
  return with_keys<saml::Statement>(
      for_sign_ins_, limits, [&](const saml::Metadata& there) -> Reply<saml::Statement> {
        saml::Expected of = expected;
        of.issuer = there.entity_id;
        return saml::read_response(xml, there.keys, ours.private_key, of);
      });
}

Reply<providers::Person> SamlProvider::finish(const providers::Returned& returned,
                                              const CallLimits& limits) {
  const auto value = single(returned.fields, kResponse);
  if (!value) {
    return std::unexpected(
        failure(Why::not_believed, "no_response", "the person came back without a SAMLResponse"));
  }
  const auto xml = saml::read_post(*value);
  if (!xml) {
    return std::unexpected(
        failure(Why::not_believed, "not_saml", "the SAMLResponse " + xml.error()));
  }
  const auto said =
      read(*xml,
           {.issuer = {},
            .audience = entity_id_,
            .acs = parts_.acs,
            .request_id = returned.memo,
            .now = parts_.clock.now(),
            .skew = options_.clock_skew,
            .proved_after = returned.again ? std::optional(returned.begun_at) : std::nullopt,
            .contexts = &options_.authn_contexts,
            .encrypted = options_.encryption_required},
           limits);
  if (!said) return std::unexpected(said.error());
  return person_of(*said);
}

Reply<std::string> SamlProvider::subject_of(const saml::Statement& said) const {
  const auto refused = [](std::string_view reason, std::string sentence) {
    return std::unexpected(failure(Why::misconfigured, reason, std::move(sentence)));
  };
  if (!options_.subject_attribute.empty()) {
    std::string subject(text::text_of(said.attributes, options_.subject_attribute));
    if (is_subject(subject)) return subject;
    return refused("no_subject_attribute",
                   "the provider does not say who it is: there is no attribute '" +
                       options_.subject_attribute + "' with one value");
  }
  if (!said.name || said.name->value.empty()) {
    return refused("no_name", "the provider does not say who it is: there is no NameID");
  }
  const std::string_view format =
      said.name->format.empty() ? saml::name_format::kUnspecified : said.name->format;
  if (format == saml::name_format::kTransient) {
    return refused("transient_name",
                   "the provider gives people another name each time (a transient NameID): have it "
                   "give a persistent one, or name an attribute with subject_attribute");
  }
  if (format != options_.name_format() &&
      options_.name_id_format != SamlOptions::NameIdFormat::unspecified) {
    return refused("wrong_name_format", "the provider gives people a name of the format '" +
                                            cited(format_name(format)) +
                                            "', which is not name_id_format");
  }
  if (!is_subject(said.name->value)) {
    return refused("no_name", "the name that the provider gives somebody (NameID) cannot be one");
  }
  return said.name->value;
}

Reply<providers::Person> SamlProvider::person_of(const saml::Statement& said) const {
  auto subject = subject_of(said);
  if (!subject) return std::unexpected(std::move(subject.error()));
  providers::Person person;
  person.subject = *std::move(subject);
  person.claims = said.attributes;
  person.authenticated_at = said.authenticated_at;
  person.once = said.id;
  if (said.session_index.size() <= kLongestSession) person.session.name = said.session_index;
  if (said.name) {
    // Not from an attribute of that name.
    person.claims["name_id"] = said.name->value;
    person.session.hint = hint_of(*said.name, said.session_index);
  }
  return person;
}

// --- signing out ---

saml::ExpectedSignOut SamlProvider::expected_sign_out() const {
  return {.issuer = {},
          .destination = parts_.logout,
          .now = parts_.clock.now(),
          .skew = options_.clock_skew};
}

Reply<providers::LogoutNotice> SamlProvider::notice_of(const Reply<saml::SignOut>& said,
                                                       std::string_view binding,
                                                       std::string_view relay_state,
                                                       const CallLimits& limits) {
  if (!said) return std::unexpected(said.error());
  const bool by_name = options_.subject_attribute.empty();
  if (!by_name && said->sessions.empty()) {
    return std::unexpected(
        failure(Why::not_believed, "no_session",
                "the LogoutRequest names no session (SessionIndex), and of its person the name "
                "alone, which is not subject_attribute"));
  }
  providers::LogoutNotice notice{.subject = by_name ? said->who.value : std::string(),
                                 .session = said->sessions.empty() ? "" : said->sessions.front(),
                                 .id = said->id,
                                 .expires_at = said->expires_at};
  if (said->sessions.size() > 1) {
    notice.more_sessions.assign(said->sessions.begin() + 1, said->sessions.end());
  }
  const auto known = metadata(limits);
  if (!known || (*known)->logout.empty()) return notice;
  const auto* to = (*known)->logout_by(binding);
  if (to == nullptr) to = &(*known)->logout.front();
  const std::string& place = to->response_location.empty() ? to->location : to->response_location;
  const saml::LogoutResponse response{.header = header(place), .in_response_to = said->id};
  std::string state(relay_state.substr(
      0, relay_state.size() <= kLongestRelayState ? relay_state.size() : std::size_t{0}));
  notice.answer = depart(*to, true, kResponse, write(response), std::move(state));
  return notice;
}

Reply<providers::LogoutNotice> SamlProvider::read_logout(const Fields& fields,
                                                         const CallLimits& limits) {
  const auto value = single(fields, kRequest);
  const auto xml = value ? saml::read_post(*value) : std::unexpected(std::string("is not there"));
  if (!xml) {
    return std::unexpected(
        failure(Why::not_believed, "no_request", "the SAMLRequest " + xml.error()));
  }
  const crypto::KeyPair ours = key();
  const auto said = with_keys<saml::SignOut>(
      for_sign_outs_, limits, [&](const saml::Metadata& there) -> Reply<saml::SignOut> {
        auto expected = expected_sign_out();
        expected.issuer = there.entity_id;
        return saml::read_signed_sign_out(*xml, there.keys, ours.private_key, expected);
      });
  return notice_of(said, saml::binding::kPost, single(fields, kRelayState).value_or(""), limits);
}

Reply<providers::LogoutNotice> SamlProvider::read_logout_in_address(std::string_view query,
                                                                    const Fields& fields,
                                                                    const CallLimits& limits) {
  const auto value = single(fields, kRequest);
  const auto xml =
      value ? saml::read_redirect(*value) : std::unexpected(std::string("is not there"));
  if (!xml) {
    return std::unexpected(
        failure(Why::not_believed, "no_request", "the SAMLRequest " + xml.error()));
  }
  const crypto::KeyPair ours = key();
  const auto said = with_keys<saml::SignOut>(
      for_sign_outs_, limits, [&](const saml::Metadata& there) -> Reply<saml::SignOut> {
        const auto fault = saml::fault_of_query(query, kRequest, there.keys);
        if (!fault.empty()) {
          return std::unexpected(
              failure(Why::not_believed, fault,
                      std::string("the LogoutRequest ").append(saml::sentence_of_fault(fault))));
        }
        auto expected = expected_sign_out();
        expected.issuer = there.entity_id;
        return saml::read_sign_out(*xml, ours.private_key, expected);
      });
  return notice_of(said, saml::binding::kRedirect, single(fields, kRelayState).value_or(""),
                   limits);
}

bool SamlProvider::ends_sign_out(const Fields& fields) const {
  return single(fields, kResponse).has_value() && !single(fields, kRequest);
}

// SAML Profiles section 4.4.3.
// What comes back comes to the place for that; the state comes with it.
std::optional<Departure> SamlProvider::sign_out(const providers::SigningOut& leaving) {
  const auto hint = text::parse_object(leaving.session.hint.reveal());
  if (!hint || text::text_of(*hint, "name").empty()) return std::nullopt;
  const auto known = metadata({.deadline = std::chrono::steady_clock::now() + kSignOutWaits});
  if (!known) return std::nullopt;
  const auto* to = (*known)->logout_by(saml::binding::kRedirect);
  if (to == nullptr) to = (*known)->logout_by(saml::binding::kPost);
  if (to == nullptr) return std::nullopt;
  const auto said = [&](std::string_view name) { return std::string(text::text_of(*hint, name)); };
  const saml::LogoutRequest request{.header = header(to->location),
                                    .who = {.value = said("name"),
                                            .format = said("format"),
                                            .name_qualifier = said("name_qualifier"),
                                            .sp_name_qualifier = said("sp_name_qualifier")},
                                    .session_index = said("session_index")};
  return depart(*to, false, kRequest, write(request), leaving.state);
}

// --- for operators ---

std::optional<std::string> SamlProvider::own_metadata() {
  return saml::own_metadata({.entity_id = entity_id_, .acs = parts_.acs, .logout = parts_.logout},
                            key().certificate, options_.name_format());
}

Reply<std::vector<std::string>> SamlProvider::test(const CallLimits& limits) {
  // What is true now, not what was known before.
  MetadataCache::Budget budget;
  const auto there = fetch(limits);
  if (!there) return std::unexpected(there.error());
  // So that who signs in from now on has them too.
  if (const auto renewed = metadata_.renew(metadata_.known(), budget, limits); !renewed) {
    return std::unexpected(renewed.error());
  }
  const Time now = parts_.clock.now();
  if (there->valid_until && *there->valid_until <= now) {
    return std::unexpected(failure(Why::misconfigured, "expired_metadata",
                                   "the provider's metadata are good no more (validUntil)"));
  }
  const auto& formats = there->name_formats;
  if (options_.subject_attribute.empty() && !formats.empty() &&
      options_.name_id_format != SamlOptions::NameIdFormat::unspecified &&
      std::ranges::find(formats, options_.name_format()) == formats.end()) {
    return std::unexpected(
        failure(Why::misconfigured, "name_format",
                "the provider does not list the name format that is asked for (" +
                    format_name(options_.name_format()) +
                    "): have it give that, set name_id_format, or name an attribute with "
                    "subject_attribute"));
  }
  std::vector<std::string> said;
  said.push_back("the metadata are those of " + text::shown(there->entity_id));
  said.push_back(std::to_string(there->keys.size()) + " of its keys can be used to verify");
  said.emplace_back(there->logout.empty() ? "people who sign out here stay signed in there: it has "
                                            "no SingleLogoutService"
                                          : "people who sign out here can be signed out there");
  const auto end = crypto::end_of_certificate(key().certificate);
  if (end && *end <= now) {
    return std::unexpected(
        failure(Why::misconfigured, "own_certificate", "the certificate of this server has ended"));
  }
  said.push_back("this server is known there as " + entity_id_ + ", by the metadata at " +
                 parts_.metadata);
  return said;
}

}  // namespace latchkey::outbound
