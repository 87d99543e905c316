#include "platform/config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "platform/config/core_schema.h"
#include "platform/config/file.h"
#include "platform/config/yaml.h"
#include "platform/text/size.h"
#include "platform/text/utf8.h"

namespace latchkey::config {
namespace {

namespace json = boost::json;

constexpr std::string_view kYamlTags = "tag:yaml.org,2002:";

template <class T>
using Result = std::expected<T, std::string>;

std::unexpected<std::string> refuse(const YAML::Node& at, std::string_view wrong) {
  return std::unexpected(fmt::format("line {}: {}", at.Mark().line + 1, wrong));
}

// A tag that is not YAML's own may be a secret that begins with "!" and lacks its quotes.
std::string unknown_tag(const YAML::Node& node) {
  if (!node.Tag().starts_with(kYamlTags)) {
    return "a tag ('!…') means nothing here; if it is a text, quote it";
  }
  return fmt::format("the tag '{}' means nothing here", node.Tag());
}

// yaml-cpp's "?" is a plain scalar, map or list, "!" a quoted scalar.
bool tag_is(const YAML::Node& node, std::string_view core) {
  const std::string& tag = node.Tag();
  return tag.empty() || tag == "?" || tag == "!" || tag == core;
}

// Walks a tree that may share branches (aliases), or even hold itself: depth and budget end it.
class Reader {
 public:
  explicit Reader(Dialect dialect) : lenient_(dialect == Dialect::yaml11) {}

  Result<json::object> map(const YAML::Node& node, std::size_t depth) {
    json::object object;
    json::object merged;
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar() && !lenient_) return refuse(key, "expected a plain text as a name");
      if (!spend(key.IsScalar() ? key.Scalar().size() : 0)) return refuse(key, too_large());
      auto value = read(entry.second, depth);
      if (!value) return std::unexpected(std::move(value.error()));
      if (!key.IsScalar()) continue;
      if (lenient_ && key.Scalar() == "<<" && key.Tag() != "!") {
        if (!merge(*value, merged)) return refuse(key, "'<<' merges maps only");
      } else if (lenient_) {
        object.insert_or_assign(key.Scalar(), std::move(*value));
      } else if (!object.emplace(key.Scalar(), std::move(*value)).second) {
        return refuse(key, fmt::format("'{}' is there twice", key.Scalar()));
      }
    }
    // What is written here counts before what is merged, wherever "<<" stands.
    for (auto& field : merged) object.emplace(field.key(), std::move(field.value()));
    return object;
  }

 private:
  // Of several maps the first counts (yaml.org/type/merge.html).
  static bool merge(json::value& value, json::object& merged) {
    if (auto* map = value.if_object()) {
      for (auto& field : *map) merged.emplace(field.key(), std::move(field.value()));
      return true;
    }
    auto* const list = value.if_array();
    return list != nullptr && std::ranges::all_of(*list, [&](json::value& one) {
             return one.is_object() && merge(one, merged);
           });
  }

  static std::string too_large() {
    return fmt::format("holds more than {}, with its aliases written out",
                       text::format_size(kMaxDocument));
  }

  bool spend(std::size_t bytes) {
    if (bytes + 1 > budget_) return false;
    budget_ -= bytes + 1;
    return true;
  }

  // `depth` is that of what the value is in.
  Result<json::value> read(const YAML::Node& node, std::size_t depth) {
    if (!spend(node.IsScalar() ? node.Scalar().size() : 0)) return refuse(node, too_large());
    if (node.IsNull()) return json::value(nullptr);
    if (node.IsScalar()) return scalar(node);
    if (depth >= kMaxDocumentDepth) {
      return refuse(node, fmt::format("is more than {} levels deep", kMaxDocumentDepth));
    }
    if (!lenient_ &&
        !tag_is(node, node.IsMap() ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq")) {
      return refuse(node, unknown_tag(node));
    }
    if (node.IsSequence()) return list(node, depth + 1);
    auto object = map(node, depth + 1);
    if (!object) return std::unexpected(std::move(object.error()));
    return json::value(std::move(*object));
  }

  Result<json::value> list(const YAML::Node& node, std::size_t depth) {
    json::array array;
    for (const auto& entry : node) {
      auto value = read(entry, depth);
      if (!value) return value;
      array.push_back(std::move(*value));
    }
    return json::value(std::move(array));
  }

  static json::value lenient_scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    if (tag == "?") return read_yaml11_scalar(node.Scalar());
    if (tag_is(node, "tag:yaml.org,2002:str")) return json::value(json::string(node.Scalar()));
    // !!bool "yes"; what a tag of another program makes of it is unknown.
    return tag.starts_with(kYamlTags) ? read_yaml11_scalar(node.Scalar()) : json::value(nullptr);
  }

  Result<json::value> scalar(const YAML::Node& node) const {
    if (lenient_) return lenient_scalar(node);
    if (!tag_is(node, "tag:yaml.org,2002:str")) {
      return refuse(node, unknown_tag(node));
    }
    if (node.Tag() != "?") return json::value(json::string(node.Scalar()));
    auto value = read_plain_scalar(node.Scalar());
    if (!value) return refuse(node, "is no number that JSON has; if it is a text, quote it");
    return std::move(*value);
  }

  const bool lenient_;
  std::size_t budget_ = kMaxDocument;
};

}  // namespace

Result<json::object> parse_document(const std::string& yaml, Dialect dialect) {
  if (yaml.size() > kMaxDocument) {
    return std::unexpected("is larger than " + text::format_size(kMaxDocument));
  }
  if (!text::valid_utf8(yaml)) return std::unexpected("is not UTF-8");
  const auto root = parse_yaml(yaml);
  if (!root) return std::unexpected(root.error());
  if (root->IsNull()) return std::unexpected("is empty");
  if (!root->IsMap()) return refuse(*root, "expected fields, each as 'name: value'");
  return Reader(dialect).map(*root, 1);
}

Result<json::object> read_document(const std::string& path, Dialect dialect) {
  const auto yaml = read_file(path, kMaxDocument + 1);
  if (!yaml) return std::unexpected("cannot be read: " + yaml.error());
  return parse_document(*yaml, dialect);
}

}  // namespace latchkey::config
