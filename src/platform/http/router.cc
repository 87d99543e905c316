#include "platform/http/router.h"

#include <array>
#include <map>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "platform/http/percent.h"

namespace latchkey::http {
namespace {

constexpr std::size_t kMethods = 7;
constexpr std::size_t kMaxPlaceholders = 8;

constexpr std::array<std::pair<Method, std::string_view>, 6> kMethodNames{{
    {Method::get, "GET"},
    {Method::head, "HEAD"},
    {Method::post, "POST"},
    {Method::put, "PUT"},
    {Method::delete_, "DELETE"},
    {Method::options, "OPTIONS"},
}};

struct TransparentHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// What is known of one path.
struct Entry {
  std::array<std::unique_ptr<Router::Route>, kMethods> routes;
  std::string allow;
  bool cors = false;
  std::shared_ptr<const RouteData> data;  // of the route that was added first

  std::unique_ptr<Router::Route>& at(Method method) {
    return routes.at(static_cast<std::size_t>(method));
  }
  const Router::Route* find(Method method) const {
    const auto& route = routes[static_cast<std::size_t>(method)];
    if (!route && method == Method::head) return find(Method::get);
    return route.get();
  }
  void describe() {
    allow.clear();
    for (const auto& [method, name] : kMethodNames) {
      if (!find(method) && !(method == Method::options && cors)) continue;
      if (!allow.empty()) allow += ", ";
      allow += name;
    }
  }
};

// What is known of the paths below one prefix.
struct Below {
  std::string prefix;
  bool cors = false;
  std::shared_ptr<const RouteData> data;
  std::unique_ptr<Router::Route> route;  // where one handler answers them all
};

// One segment of the patterns with placeholders.
struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> placeholder;
  std::unique_ptr<Entry> entry;
};

bool is_placeholder(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// Cuts the first segment off `rest`, which is what follows a '/'. Returns whether more follow.
bool next_segment(std::string_view& rest, std::string_view& segment) {
  const auto slash = rest.find('/');
  segment = rest.substr(0, slash);
  if (slash == rest.npos) return false;
  rest.remove_prefix(slash + 1);
  return true;
}

struct Captures {
  std::array<std::string_view, kMaxPlaceholders> values;
  std::size_t count = 0;
};

const Entry* walk(const Node& node, std::string_view rest, Captures& captures) {
  std::string_view segment;
  const bool more = next_segment(rest, segment);
  const auto below = [&](const Node& child) {
    return more ? walk(child, rest, captures) : child.entry.get();
  };
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    if (const Entry* found = below(*literal->second)) return found;
  }
  if (!node.placeholder || segment.empty()) return nullptr;
  captures.values[captures.count++] = segment;
  if (const Entry* found = below(*node.placeholder)) return found;
  --captures.count;
  return nullptr;
}

}  // namespace

struct Router::Table {
  std::unordered_map<std::string, Entry, TransparentHash, std::equal_to<>> exact;
  Node patterns;
  std::vector<Below> below;
  std::vector<Mounted> routes;
  std::vector<Mounted> prefixes;

  // The entry of a pattern, made when it is not there yet.
  Entry& entry(std::string_view pattern) {
    if (!pattern.contains('{')) return exact[std::string(pattern)];
    Node* node = &patterns;
    std::string_view rest = pattern.substr(1);
    std::string_view segment;
    std::size_t placeholders = 0;
    bool more = true;
    while (more) {
      more = next_segment(rest, segment);
      const bool any = is_placeholder(segment);
      if (!any && segment.contains('{')) {
        throw std::invalid_argument("a placeholder must be a whole segment: " +
                                    std::string(pattern));
      }
      if (any && ++placeholders > kMaxPlaceholders) {
        throw std::invalid_argument("too many placeholders: " + std::string(pattern));
      }
      auto& child = any ? node->placeholder : node->literals[std::string(segment)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
    if (!node->entry) node->entry = std::make_unique<Entry>();
    return *node->entry;
  }

  const Below* longest_prefix(std::string_view path) const {
    const Below* longest = nullptr;
    for (const Below& one : below) {
      const bool longer = longest == nullptr || one.prefix.size() > longest->prefix.size();
      if (longer && path.starts_with(one.prefix)) longest = &one;
    }
    return longest;
  }
};

Router::Router() : table_(std::make_unique<Table>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string pattern, Handler handler, RouteOptions options) {
  if (!pattern.starts_with('/') || method == Method::other) {
    throw std::invalid_argument("not a route: " + pattern);
  }
  Entry& entry = table_->entry(pattern);
  auto& route = entry.at(method);
  if (route) throw std::invalid_argument("a second route for " + pattern);
  entry.cors = entry.cors || options.cors;
  if (!entry.data) entry.data = options.data;
  table_->routes.push_back({method, pattern, options.data.get()});
  route = std::make_unique<Route>(Route{.handler = std::move(handler),
                                        .immediate = std::move(options.immediate),
                                        .pattern = std::move(pattern),
                                        .cors = options.cors,
                                        .data = std::move(options.data),
                                        .max_body = options.max_body});
  entry.describe();
}

std::size_t Router::max_body(Method method, std::string_view path) const {
  const Match found = match(method, path);
  return found.route == nullptr ? 0 : found.route->max_body;
}

void Router::below(std::string prefix, PrefixOptions options) {
  table_->prefixes.push_back({Method::other, prefix, options.data.get()});
  Below below{.prefix = std::move(prefix),
              .cors = options.cors,
              .data = std::move(options.data),
              .route = nullptr};
  if (options.handler) {
    below.route = std::make_unique<Route>(Route{.handler = std::move(options.handler),
                                                .immediate = std::move(options.immediate),
                                                .pattern = below.prefix + "*",
                                                .cors = below.cors,
                                                .data = below.data});
  }
  table_->below.push_back(std::move(below));
}

const std::vector<Router::Mounted>& Router::routes() const { return table_->routes; }
const std::vector<Router::Mounted>& Router::prefixes() const { return table_->prefixes; }

Router::Match Router::match(Method method, std::string_view path) const {
  Match match;
  const Entry* entry = nullptr;
  Captures captures;
  if (const auto exact = table_->exact.find(path); exact != table_->exact.end()) {
    entry = &exact->second;
  } else if (path.starts_with('/')) {
    entry = walk(table_->patterns, path.substr(1), captures);
  }
  if (!entry) {
    if (const Below* prefix = table_->longest_prefix(path)) {
      match.cors = prefix->cors;
      match.data = prefix->data.get();
      match.route = prefix->route.get();
      match.path_known = match.route != nullptr;
    }
    return match;
  }
  match.path_known = true;
  match.cors = entry->cors;
  match.allow = entry->allow;
  match.data = entry->data.get();
  for (const std::string_view value : std::span(captures.values).first(captures.count)) {
    auto decoded = percent_decode(value, Plus::itself);
    match.malformed = match.malformed || !decoded;
    match.parameters.push_back(decoded ? std::move(*decoded) : std::string());
  }
  if (method != Method::other && !match.malformed) match.route = entry->find(method);
  if (match.route != nullptr) match.data = match.route->data.get();
  return match;
}

}  // namespace latchkey::http
