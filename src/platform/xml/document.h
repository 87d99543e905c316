#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// libxml2's, which rooms that only read need not include.
struct _xmlDoc;
struct _xmlNode;

// XML that others send, of which nothing is read but elements, their texts and their attributes. A
// document type, and so every entity, is refused; nothing is fetched; size and depth are bounded.
namespace latchkey::xml {

// Belongs to its document.
using Node = const _xmlNode*;

class Document {
 public:
  explicit Document(_xmlDoc* document) : document_(document) {}

  Node root() const;
  _xmlDoc* get() const { return document_.get(); }

 private:
  struct Free {
    void operator()(_xmlDoc* document) const;
  };
  std::unique_ptr<_xmlDoc, Free> document_;
};

// What is wrong with it, as an error: the end of a sentence. Longer than `most` bytes is too long.
std::expected<Document, std::string> read(std::string_view xml, std::size_t most);

std::string_view name_of(Node element);       // without its prefix
std::string_view namespace_of(Node element);  // empty: none
bool is(Node element, std::string_view space, std::string_view name);

// The elements in it, in their order.
std::vector<Node> elements_in(Node parent);
std::vector<Node> elements_in(Node parent, std::string_view space, std::string_view name);
// The only one of that name; null: there is none, or several.
Node only(Node parent, std::string_view space, std::string_view name);
// It, and all elements below it, in the order in which they stand there.
std::vector<Node> all_below(Node element);

// What is written in it, without white space at the ends; comments are not there. Absent: there are
// elements in it, or it is longer than `longest` bytes.
std::optional<std::string> text_in(Node element, std::size_t longest);
// Of one without a namespace. Absent: it is not there.
std::optional<std::string> attribute(Node element, std::string_view name);

// A text as it may stand in an element or in the quotes of an attribute.
std::string escaped(std::string_view text);

}  // namespace latchkey::xml
