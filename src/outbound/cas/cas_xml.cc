#include "outbound/cas/cas_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <memory>

#include "platform/text/utf8.h"

namespace latchkey::outbound::cas {
namespace {

constexpr std::string_view kCas = "http://www.yale.edu/tp/cas";
constexpr std::string_view kSamlProtocol = "urn:oasis:names:tc:SAML:2.0:protocol";
constexpr std::size_t kMostBytes = 256UL * 1024;
constexpr std::size_t kMostAttributes = 500;
constexpr std::size_t kLongestText = 4096;

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

std::expected<Document, std::string> read(std::string_view xml) {
  if (xml.size() > kMostBytes) return std::unexpected("is too long");
  if (!text::valid_utf8(xml) || xml.contains('\0')) return std::unexpected("is not UTF-8");
  if (xml.contains("<!DOCTYPE")) return std::unexpected("has a document type");
  // The encoding is said here, whatever the document says of itself. No entity is expanded, and
  // none but those of XML itself can be there.
  Document document(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING | XML_PARSE_NOCDATA),
                    &xmlFreeDoc);
  if (!document) return std::unexpected("is not XML");
  if (document->intSubset != nullptr) return std::unexpected("has a document type");
  return document;
}

bool is(const xmlNode* node, std::string_view space, std::string_view name) {
  return node->type == XML_ELEMENT_NODE && view(node->name) == name && node->ns != nullptr &&
         view(node->ns->href) == space;
}

// The only child element of that name; null: there is none, or several.
const xmlNode* only_child(const xmlNode* parent, std::string_view space, std::string_view name) {
  const xmlNode* found = nullptr;
  for (const xmlNode* child = parent->children; child != nullptr; child = child->next) {
    if (!is(child, space, name)) continue;
    if (found != nullptr) return nullptr;
    found = child;
  }
  return found;
}

// What is written in an element; absent: there are elements in it, or it is too long.
std::optional<std::string> text_in(const xmlNode* element) {
  std::string text;
  for (const xmlNode* child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_COMMENT_NODE || child->type == XML_PI_NODE) continue;
    if (child->type != XML_TEXT_NODE) return std::nullopt;
    text += view(child->content);
    if (text.size() > kLongestText) return std::nullopt;
  }
  return std::string(text::trimmed(text));
}

std::string attribute(const xmlNode* element, std::string_view name) {
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
    const xmlNode* const value = one->children;
    if (view(one->name) == name && value != nullptr && value->next == nullptr &&
        value->type == XML_TEXT_NODE) {
      return std::string(view(value->content));
    }
  }
  return {};
}

std::expected<Answer, std::string> read_success(const xmlNode* element) {
  const xmlNode* const user = only_child(element, kCas, "user");
  auto name = user == nullptr ? std::nullopt : text_in(user);
  if (!name || name->empty()) return std::unexpected("names no user");
  Success success{.user = *std::move(name), .attributes = {}};
  const xmlNode* const attributes = only_child(element, kCas, "attributes");
  const xmlNode* one = attributes == nullptr ? nullptr : attributes->children;
  for (; one != nullptr && success.attributes.size() < kMostAttributes; one = one->next) {
    if (one->type != XML_ELEMENT_NODE) continue;
    if (auto value = text_in(one)) {
      success.attributes.emplace_back(std::string(view(one->name)), *std::move(value));
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
  const auto document = read(xml);
  if (!document) return std::unexpected(document.error());
  const xmlNode* const root = xmlDocGetRootElement(document->get());
  if (root == nullptr || !is(root, kCas, "serviceResponse")) {
    return std::unexpected("is no cas:serviceResponse");
  }
  const xmlNode* const success = only_child(root, kCas, "authenticationSuccess");
  const xmlNode* const failure = only_child(root, kCas, "authenticationFailure");
  if ((success == nullptr) == (failure == nullptr)) {
    return std::unexpected("says neither yes nor no, or both");
  }
  if (success != nullptr) return read_success(success);
  return Refusal{.code = attribute(failure, "code"),
                 .sentence = text_in(failure).value_or(std::string())};
}

std::expected<LogoutRequest, std::string> read_logout_request(std::string_view xml) {
  const auto document = read(xml);
  if (!document) return std::unexpected(document.error());
  const xmlNode* const root = xmlDocGetRootElement(document->get());
  if (root == nullptr || !is(root, kSamlProtocol, "LogoutRequest")) {
    return std::unexpected("is no samlp:LogoutRequest");
  }
  LogoutRequest request{.id = attribute(root, "ID"), .session_index = {}};
  const xmlNode* const index = only_child(root, kSamlProtocol, "SessionIndex");
  if (index != nullptr) request.session_index = text_in(index).value_or(std::string());
  if (request.session_index.empty()) return std::unexpected("names no session");
  return request;
}

}  // namespace latchkey::outbound::cas
