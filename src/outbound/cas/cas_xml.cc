#include "outbound/cas/cas_xml.h"

#include <algorithm>

#include "platform/xml/document.h"

namespace latchkey::outbound::cas {
namespace {

using xml::Node;

constexpr std::string_view kCas = "http://www.yale.edu/tp/cas";
constexpr std::string_view kSamlProtocol = "urn:oasis:names:tc:SAML:2.0:protocol";
constexpr std::size_t kMostBytes = 256UL * 1024;
constexpr std::size_t kMostAttributes = 500;
constexpr std::size_t kLongestText = 4096;

std::string attribute(Node element, std::string_view name) {
  return xml::attribute(element, name).value_or("");
}

std::expected<Answer, std::string> read_success(Node element) {
  const Node user = xml::only(element, kCas, "user");
  auto name = user == nullptr ? std::nullopt : xml::text_in(user, kLongestText);
  if (!name || name->empty()) return std::unexpected("names no user");
  Success success{.user = *std::move(name), .attributes = {}};
  const Node attributes = xml::only(element, kCas, "attributes");
  if (attributes == nullptr) return success;
  for (const Node one : xml::elements_in(attributes)) {
    if (success.attributes.size() == kMostAttributes) break;
    if (auto value = xml::text_in(one, kLongestText)) {
      success.attributes.emplace_back(std::string(xml::name_of(one)), *std::move(value));
    }
  }
  return success;
}

}  // namespace

std::optional<std::string_view> Success::first(std::string_view name) const {
  const auto found =
      std::ranges::find_if(attributes, [&](const auto& one) { return one.first == name; });
  return found == attributes.end() ? std::optional<std::string_view>() : found->second;
}

std::expected<Answer, std::string> read_answer(std::string_view xml) {
  const auto document = xml::read(xml, kMostBytes);
  if (!document) return std::unexpected(document.error());
  const Node root = document->root();
  if (!xml::is(root, kCas, "serviceResponse")) {
    return std::unexpected("is no cas:serviceResponse");
  }
  const Node success = xml::only(root, kCas, "authenticationSuccess");
  const Node failure = xml::only(root, kCas, "authenticationFailure");
  if ((success == nullptr) == (failure == nullptr)) {
    return std::unexpected("says neither yes nor no, or both");
  }
  if (success != nullptr) return read_success(success);
  return Refusal{.code = attribute(failure, "code"),
                 .sentence = xml::text_in(failure, kLongestText).value_or(std::string())};
}

std::expected<LogoutRequest, std::string> read_logout_request(std::string_view xml) {
  const auto document = xml::read(xml, kMostBytes);
  if (!document) return std::unexpected(document.error());
  const Node root = document->root();
  if (!xml::is(root, kSamlProtocol, "LogoutRequest")) {
    return std::unexpected("is no samlp:LogoutRequest");
  }
  LogoutRequest request{.id = attribute(root, "ID"), .session_index = {}};
  const Node index = xml::only(root, kSamlProtocol, "SessionIndex");
  if (index != nullptr)
    request.session_index = xml::text_in(index, kLongestText).value_or(std::string());
  if (request.session_index.empty()) return std::unexpected("names no session");
  return request;
}

}  // namespace latchkey::outbound::cas
