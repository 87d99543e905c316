#include "platform/xml/document.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <limits>

#include "platform/text/utf8.h"

namespace latchkey::xml {
namespace {

std::string_view view(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// Of what XML calls white space (XML 1.0 section 2.3). Anything else is part of a name, however it
// looks: two that differ must not become one.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// By the tree's own pointers, for it may be deep.
Node next_below(Node node, Node top) {
  if (node->children != nullptr && node->type == XML_ELEMENT_NODE) return node->children;
  while (node != top && node->next == nullptr) node = node->parent;
  return node == top ? nullptr : node->next;
}

}  // namespace

void Document::Free::operator()(_xmlDoc* document) const { xmlFreeDoc(document); }

Node Document::root() const { return xmlDocGetRootElement(document_.get()); }

std::expected<Document, std::string> read(std::string_view xml, std::size_t most) {
  if (xml.size() > most || xml.size() > std::numeric_limits<int>::max()) {
    return std::unexpected("is too long");
  }
  if (!text::valid_utf8(xml) || xml.contains('\0')) return std::unexpected("is not UTF-8");
  if (xml.contains("<!DOCTYPE")) return std::unexpected("has a document type");
  // The encoding is said here, whatever the document says of itself. No entity is expanded, and
  // none but those of XML itself can be there.
  Document document(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, "UTF-8",
                                  XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING | XML_PARSE_NOCDATA));
  if (document.get() == nullptr || document.root() == nullptr) return std::unexpected("is not XML");
  if (document.get()->intSubset != nullptr) return std::unexpected("has a document type");
  return document;
}

std::string_view name_of(Node element) { return view(element->name); }

std::string_view namespace_of(Node element) {
  return element->ns == nullptr ? std::string_view() : view(element->ns->href);
}

bool is(Node element, std::string_view space, std::string_view name) {
  return element->type == XML_ELEMENT_NODE && name_of(element) == name && element->ns != nullptr &&
         namespace_of(element) == space;
}

std::vector<Node> elements_in(Node parent) {
  std::vector<Node> found;
  for (Node child = parent->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) found.push_back(child);
  }
  return found;
}

std::vector<Node> elements_in(Node parent, std::string_view space, std::string_view name) {
  std::vector<Node> found;
  for (Node child = parent->children; child != nullptr; child = child->next) {
    if (is(child, space, name)) found.push_back(child);
  }
  return found;
}

Node only(Node parent, std::string_view space, std::string_view name) {
  const auto found = elements_in(parent, space, name);
  return found.size() == 1 ? found.front() : nullptr;
}

std::vector<Node> all_below(Node element) {
  std::vector<Node> found;
  for (Node node = element; node != nullptr; node = next_below(node, element)) {
    if (node->type == XML_ELEMENT_NODE) found.push_back(node);
  }
  return found;
}

std::optional<std::string> text_in(Node element, std::size_t longest) {
  std::string text;
  for (Node child = element->children; child != nullptr; child = child->next) {
    if (child->type == XML_COMMENT_NODE || child->type == XML_PI_NODE) continue;
    if (child->type != XML_TEXT_NODE) return std::nullopt;
    text += view(child->content);
    if (text.size() > longest) return std::nullopt;
  }
  return std::string(trimmed(text));
}

std::optional<std::string> attribute(Node element, std::string_view name) {
  for (const xmlAttr* one = element->properties; one != nullptr; one = one->next) {
    if (one->ns != nullptr || view(one->name) != name) continue;
    const xmlNode* const value = one->children;
    if (value == nullptr) return std::string();
    if (value->next != nullptr || value->type != XML_TEXT_NODE) return std::nullopt;
    return std::string(view(value->content));
  }
  return std::nullopt;
}

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\t':
      case '\n':
      case '\r':
        // As they are, an attribute would have spaces (XML 1.0 section 3.3.3).
        out += "&#" + std::to_string(static_cast<int>(c)) + ";";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace latchkey::xml
