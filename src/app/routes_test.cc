// The examples for proxies and the documentation, held to what is mounted.
#include "app/routes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "endpoints/request/routes.h"

namespace latchkey::app {
namespace {

using request::Owner;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(std::string(LATCHKEY_SOURCE_DIR) + "/" + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  EXPECT_FALSE(lines.empty()) << path;
  return lines;
}

std::string_view name_of(http::Method method) {
  switch (method) {
    case http::Method::get:
      return "GET";
    case http::Method::post:
      return "POST";
    case http::Method::put:
      return "PUT";
    case http::Method::delete_:
      return "DELETE";
    case http::Method::head:
    case http::Method::options:
    case http::Method::other:
      break;
  }
  return "?";
}

struct Path {
  std::string call;     // "GET /devices/{deviceId}"; empty: any below a prefix
  std::string example;  // a path that clients could ask for
  Owner owner;
};

// All that the server mounts.
class MountedPaths : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto folder =
        std::filesystem::temp_directory_path() / ("routes_test." + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    {
      Config config;
      config.server_name = "example.com";
      config.public_url = "http://127.0.0.1:8008/";
      config.database = "sqlite://" + (folder / "test.db").string();
      // With one there are more pages.
      ConfiguredProvider provider;
      provider.id = "corp";
      provider.name = "Corp";
      provider.oidc.issuer = "https://login.example.com/";
      provider.oidc.client_id = "latchkey";
      config.sign_in.providers.push_back(provider);
      Core core(config, 1, Core::Purpose::serve);
      http::Router router;
      ClientApi client_api(core, router);
      OauthApi oauth_api(core, client_api.api.limits, client_api.pages);
      mount(router, core, client_api, oauth_api);
      read(router);
      core.close();
    }
    std::filesystem::remove_all(folder);
  }

  static std::vector<Path> paths_;

 private:
  static void read(const http::Router& router) {
    for (const auto& route : router.routes()) {
      const request::PathData* data = request::path_data(route.data);
      ASSERT_NE(data, nullptr) << route.pattern << " is mounted without saying whose it is";
      std::string example =
          std::regex_replace(route.pattern, std::regex(R"(\{type\})"), "m.login.x");
      example = std::regex_replace(example, std::regex(R"(\{\w+\})"), "x");
      paths_.push_back({.call = std::string(name_of(route.method)) + " " + route.pattern,
                        .example = example,
                        .owner = data->owner});
    }
    for (const auto& prefix : router.prefixes()) {
      const request::PathData* data = request::path_data(prefix.data);
      ASSERT_NE(data, nullptr) << prefix.pattern;
      const bool folder = prefix.pattern.ends_with('/');
      paths_.push_back(
          {.call = {}, .example = prefix.pattern + (folder ? "x" : ""), .owner = data->owner});
    }
  }
};
std::vector<Path> MountedPaths::paths_;

bool matches(const std::string& path, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return std::regex_search(path, std::regex(pattern));
  });
}

// The pattern with each of its alternatives alone, in turn. "(/|$)" ends a name, and is no choice.
std::vector<std::string> alternatives(const std::string& pattern) {
  std::vector<std::string> all;
  const std::regex group(R"(\(([^()]*)\))");
  for (std::sregex_iterator at(pattern.begin(), pattern.end(), group), end; at != end; ++at) {
    if ((*at)[1] == "/|$") continue;
    std::istringstream list((*at)[1].str());
    const std::string before = pattern.substr(0, static_cast<std::size_t>(at->position()));
    for (std::string one; std::getline(list, one, '|');) {
      all.push_back(before + "(" + one + ")" + at->suffix().str());
    }
  }
  if (all.empty()) all.push_back(pattern);
  return all;
}

// What stands in the file as a path, taken to be that path alone.
std::string literally(const std::string& path) {
  return "^" + std::regex_replace(path, std::regex(R"([.{}])"), R"(\$&)") + "$";
}

// The patterns whose paths nginx sends to Latchkey.
std::vector<std::string> patterns_of_nginx() {
  std::vector<std::string> patterns;
  const std::regex location(R"(^\s*location (~|=) (\S+) \{$)");
  std::string current;
  for (const std::string& line : lines_of("config/nginx/latchkey.conf")) {
    std::smatch found;
    if (std::regex_match(line, found, location)) {
      current = found[1] == "=" ? literally(found[2]) : found[2].str();
    } else if (line.contains("proxy_pass http://latchkey;")) {
      patterns.push_back(current);
    }
  }
  return patterns;
}

std::vector<std::string> patterns_of_caddy() {
  std::vector<std::string> patterns;
  std::map<std::string, std::string> matchers;
  const std::regex matcher(R"(^\s*(@\w+) (path|path_regexp) (\S+)$)");
  const std::regex handle(R"(^\s*handle (@\w+) \{$)");
  std::string current;
  for (const std::string& line : lines_of("config/caddy/Caddyfile")) {
    std::smatch found;
    if (std::regex_match(line, found, matcher)) {
      matchers[found[1]] = found[2] == "path" ? literally(found[3]) : found[3].str();
    } else if (std::regex_match(line, found, handle)) {
      current = matchers[found[1]];  // none: matched by something else than its path
    } else if (line.contains("import latchkey") && !current.empty()) {
      patterns.push_back(current);
    }
  }
  return patterns;
}

// What HAProxy's lines `acl latchkey` and `acl pages` take for Latchkey's.
std::vector<std::string> patterns_of_haproxy() {
  std::vector<std::string> patterns;
  const std::regex acl(R"(^\s*acl (latchkey|pages) var\(txn\.path\) -m reg '(\S+)'$)");
  for (const std::string& line : lines_of("config/haproxy/haproxy.cfg")) {
    std::smatch found;
    if (std::regex_match(line, found, acl)) patterns.push_back(found[2]);
  }
  return patterns;
}

std::vector<std::string> patterns_of_traefik() {
  std::vector<std::string> patterns;
  const std::regex rule(R"(^\s*rule: PathRegexp\(`(\S+)`\)$)");
  std::string current;
  for (const std::string& line : lines_of("config/traefik/latchkey.yaml")) {
    std::smatch found;
    if (std::regex_match(line, found, rule)) {
      current = found[1];
    } else if (line.contains("rule:")) {
      current.clear();  // more than one path alone
    } else if (line.ends_with(" service: latchkey") && !current.empty()) {
      patterns.push_back(current);
    }
  }
  return patterns;
}

std::vector<std::string> patterns_of_envoy() {
  std::vector<std::string> patterns;
  const std::regex match(R"(^\s*- match: \{safe_regex: \{regex: '(\^\S+)'\}\}$)");
  std::string current;
  for (const std::string& line : lines_of("config/envoy/envoy.yaml")) {
    std::smatch found;
    if (std::regex_match(line, found, match)) {
      current = found[1];
    } else if (line.contains("- match:")) {
      current.clear();  // of a path that could be anybody's
    } else if (line.contains("route: {cluster: latchkey,") && !current.empty()) {
      // The whole path has to match.
      patterns.push_back("^(?:" + current + ")$");
    }
  }
  return patterns;
}

std::vector<std::string> patterns_of_apache() {
  std::vector<std::string> patterns;
  const std::regex pass(R"re(^\s*ProxyPassMatch "(\S+)" "http://127\.0\.0\.1:8008" nocanon$)re");
  for (const std::string& line : lines_of("docs/connecting/proxy.md")) {
    std::smatch found;
    if (std::regex_match(line, found, pass)) patterns.push_back(found[1]);
  }
  return patterns;
}

// Every path of Latchkey's leads there, and nothing else does.
void expect_sends(const std::vector<Path>& paths, const std::vector<std::string>& patterns) {
  EXPECT_FALSE(patterns.empty());
  for (const Path& path : paths) {
    EXPECT_EQ(matches(path.example, patterns), path.owner == Owner::latchkey) << path.example;
  }
  for (const std::string& pattern : patterns) {
    for (const std::string& one : alternatives(pattern)) {
      EXPECT_TRUE(std::ranges::any_of(paths,
                                      [&](const Path& path) {
                                        return path.owner == Owner::latchkey &&
                                               matches(path.example, {one});
                                      }))
          << one << " leads to nothing of Latchkey's";
    }
  }
}

TEST_F(MountedPaths, AreWhatTheExampleOfNginxSendsHere) {
  expect_sends(paths_, patterns_of_nginx());
}

TEST_F(MountedPaths, AreWhatTheExampleOfCaddySendsHere) {
  expect_sends(paths_, patterns_of_caddy());
}

TEST_F(MountedPaths, AreWhatTheExampleOfHaproxySendsHere) {
  expect_sends(paths_, patterns_of_haproxy());
}

TEST_F(MountedPaths, AreWhatTheExampleOfTraefikSendsHere) {
  expect_sends(paths_, patterns_of_traefik());
}

TEST_F(MountedPaths, AreWhatTheExampleOfEnvoySendsHere) {
  expect_sends(paths_, patterns_of_envoy());
}

TEST_F(MountedPaths, AreWhatApacheSendsHere) { expect_sends(paths_, patterns_of_apache()); }

// Homeservers know what is at v3 by older names too, and answer it there from their own records.
TEST_F(MountedPaths, AreNobodyElsesUnderOtherVersions) {
  const std::map<std::string, std::vector<std::string>> proxies{
      {"nginx", patterns_of_nginx()},     {"Caddy", patterns_of_caddy()},
      {"HAProxy", patterns_of_haproxy()}, {"Traefik", patterns_of_traefik()},
      {"Envoy", patterns_of_envoy()},     {"Apache", patterns_of_apache()},
  };
  const std::string v3 = "/_matrix/client/v3/";
  int seen = 0;
  for (const Path& path : paths_) {
    if (path.owner != Owner::latchkey || !path.example.starts_with(v3)) continue;
    ++seen;
    for (const std::string version : {"api/v1", "r0", "v1", "v2_alpha", "unstable", "v4"}) {
      const std::string other = "/_matrix/client/" + version + "/" + path.example.substr(v3.size());
      for (const auto& [proxy, patterns] : proxies) {
        EXPECT_TRUE(matches(other, patterns)) << proxy << ": " << other;
      }
    }
  }
  EXPECT_GT(seen, 0);
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream in(row);
  std::string cell;
  std::getline(in, cell, '|');
  while (std::getline(in, cell, '|')) cells.push_back(cell);
  return cells;
}

std::vector<std::string> code_in(const std::string& text) {
  const std::regex code("`([^`]+)`");
  std::vector<std::string> all;
  for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
    all.push_back((*at)[1]);
  }
  return all;
}

// The rows of the tables below a heading (empty: at the top), until the next.
std::vector<std::vector<std::string>> rows_below(const std::string& path,
                                                 const std::string& heading) {
  std::vector<std::vector<std::string>> rows;
  bool there = heading.empty();
  for (const std::string& line : lines_of(path)) {
    if (line.starts_with("## ")) there = line == heading;
    if (there && line.starts_with("| `")) rows.push_back(cells_of(line));
  }
  EXPECT_FALSE(rows.empty()) << path << " has no table below " << heading;
  return rows;
}

// A pattern of the table "Who serves which path": below /_matrix/client/ unless it begins at the
// root; "…" is anything.
std::string regex_of(const std::string& said) {
  std::string pattern = std::regex_replace(said, std::regex(R"(\.)"), R"(\.)");
  pattern = std::regex_replace(pattern, std::regex("…"), ".*");
  if (pattern.starts_with('/')) return "^" + pattern + "$";
  const bool versioned = pattern.starts_with("v1/") || pattern.starts_with("unstable/");
  return std::string("^/_matrix/client/") + (versioned ? "" : "([rv][013]/)?") + pattern + "$";
}

TEST_F(MountedPaths, AreWhoseThePageOnProxiesSaysTheyAre) {
  std::map<std::string, std::vector<std::string>> said;
  for (const auto& row : rows_below("docs/connecting/proxy.md", "## Who serves which path")) {
    for (const std::string& pattern : code_in(row.at(0))) {
      const bool latchkey = row.at(1) == " Latchkey ";
      EXPECT_TRUE(latchkey || row.at(1) == " the homeserver ") << row.at(1);
      said[latchkey ? "latchkey" : "homeserver"].push_back(regex_of(pattern));
    }
  }
  expect_sends(paths_, said["latchkey"]);
  for (const std::string& pattern : said["homeserver"]) {
    EXPECT_TRUE(std::ranges::any_of(paths_, [&](const Path& path) {
      return path.owner == Owner::homeserver && matches(path.example, {pattern});
    })) << pattern;
  }
}

// "versions" of a row: r0 and v3 unless it says others.
std::vector<std::string> versions_of(const std::string& cell) {
  std::vector<std::string> versions = code_in(cell);
  if (versions.empty() || cell.contains("also")) {
    versions.insert(versions.end(), {"r0", "v3"});
  }
  return versions;
}

TEST_F(MountedPaths, AreOnThePageOfEndpoints) {
  std::set<std::string> said;
  for (const auto& row : rows_below("docs/connecting/endpoints.md", "")) {
    for (const std::string& call : code_in(row.at(0))) {
      const auto slash = call.find('/');
      ASSERT_NE(slash, std::string::npos) << call;
      const std::string path = call.substr(slash);
      const bool whole =
          row.size() < 4 || path.starts_with("/_matrix/") || path.starts_with("/.well-known/");
      if (whole) {
        EXPECT_TRUE(said.insert(call).second) << call << " is there twice";
        continue;
      }
      for (const std::string& version : versions_of(row.at(1))) {
        const std::string full = call.substr(0, slash) + "/_matrix/client/" + version + path;
        EXPECT_TRUE(said.insert(full).second) << full << " is there twice";
      }
    }
  }
  std::set<std::string> mounted;
  std::set<std::string> inside;
  for (const Path& path : paths_) {
    if (!path.call.empty()) (path.owner == Owner::inside ? inside : mounted).insert(path.call);
  }
  for (const std::string& call : mounted) EXPECT_TRUE(said.contains(call)) << call << " is missing";
  for (const std::string& call : said) EXPECT_TRUE(mounted.contains(call)) << call << " is nowhere";

  std::set<std::string> apart;
  for (const std::string& line : lines_of("docs/connecting/endpoints.md")) {
    if (line.starts_with('|')) continue;
    for (const std::string& code : code_in(line)) apart.insert(code);
  }
  for (const std::string& call : inside) {
    EXPECT_TRUE(apart.contains(call)) << call << " is not said to be for nobody outside";
  }
}

}  // namespace
}  // namespace latchkey::app
