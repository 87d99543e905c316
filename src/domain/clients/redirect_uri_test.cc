#include "domain/clients/redirect_uri.h"

#include <gtest/gtest.h>

namespace latchkey::clients {
namespace {

using enum ApplicationType;

struct Row {
  ApplicationType type;
  std::string_view uri;
  bool good;
};

// With https://example.com/ as the client URI.
constexpr Row kRows[] = {
    // The examples of the spec.
    {web, "https://example.com/callback", true},
    {web, "https://app.example.com/callback", true},
    {web, "https://example.com:5173/?query=value", true},
    {web, "https://example.com/callback#fragment", false},
    {web, "http://example.com/callback", false},
    {web, "http://localhost/", false},
    {native, "com.example.app:/callback", true},
    {native, "com.example:/", true},
    {native, "com.example:callback", true},
    {native, "http://localhost/callback", true},
    {native, "http://127.0.0.1/callback", true},
    {native, "http://[::1]/callback", true},
    {native, "example:/callback", false},
    {native, "com.example.app://callback", false},
    {native, "https://localhost/callback", false},
    // With the port that it happened to have: any is accepted later.
    {native, "http://localhost:1234/callback", true},
    {native, "http://127.0.0.1:1/", true},
    {native, "http://[::1]:65535/callback?a=b", true},
    {native, "http://localhost:3001//login", true},
    {native, "http://localhost:0/callback", false},
    {native, "http://localhost:/callback", false},
    {native, "http://127.0.0.2:1234/callback", false},
    {native, "http://example.com:1234/callback", false},
    {native, "http://localhost:1234@evil.example/callback", false},
    {native, "https://localhost:1234/callback", false},
    {web, "http://localhost:1234/callback", false},
    // Claimed https URIs follow the rules of web clients.
    {native, "https://example.com/callback", true},
    {native, "https://app.example.com/callback?a=b", true},
    {native, "https://evil.example/callback", false},
    {native, "https://example.com/callback#", false},
    // Hosts.
    {web, "https://EXAMPLE.com/callback", false},
    {web, "https://example.com", true},
    {web, "https://example.com?x", true},
    {web, "https://evilexample.com/callback", false},
    {web, "https://example.com.evil.example/callback", false},
    {web, "https://example.org/callback", false},
    {web, "https://com/callback", false},
    {web, "https://example.com./callback", false},
    {web, "https://.example.com/callback", false},
    {web, "https://a..example.com/callback", false},
    {web, "https://-a.example.com/callback", false},
    {web, "https://a_b.example.com/callback", false},
    {web, "https://example.com%2eevil.example/", false},
    {web, "https://%65xample.com/", false},
    {web, "https://evil.example%2f.example.com/", false},
    {web, "https://evil.example%00.example.com/", false},
    {web, "https://ex\xC3\xA4mple.example.com/", false},
    {web, "https:///example.com/callback", false},
    {web, "https://", false},
    {web, "https:example.com/callback", false},
    {web, "https:/example.com/callback", false},
    {web, "//example.com/callback", false},
    {web, "/callback", false},
    {web, "", false},
    // Users.
    {web, "https://user@example.com/callback", false},
    {web, "https://example.com@example.com/callback", false},
    {web, "https://user:password@example.com/callback", false},
    {web, "https://@example.com/callback", false},
    {web, "https://example.com@evil.example/callback", false},
    {web, "https://evil.example/@example.com/callback", false},
    {web, "https://example.com:443@evil.example/callback", false},
    // Ports.
    {web, "https://example.com:/callback", false},
    {web, "https://example.com:0/callback", false},
    {web, "https://example.com:65536/callback", false},
    {web, "https://example.com:+1/callback", false},
    {web, "https://example.com:1x/callback", false},
    {web, "https://example.com:443:443/callback", false},
    // Characters that browsers read otherwise.
    {web, "https://evil.example\\.example.com/callback", false},
    {web, "https://example.com\\@evil.example/callback", false},
    {web, "https:\\\\example.com/callback", false},
    {web, "https://example.com/call back", false},
    {web, "https://example.com/\tcallback", false},
    {web, "https://example.com/\ncallback", false},
    {web, "https://exa\nmple.com/callback", false},
    {web, " https://example.com/callback", false},
    {web, "https://example.com/callback ", false},
    {web, "https://example.com/<script>", false},
    {web, "https://example.com/\"", false},
    {web, "https://example.com/%", false},
    {web, "https://example.com/%0", false},
    {web, "https://example.com/%zz", false},
    {web, "https://example.com/[", false},
    // Escapes that are whole, and queries, are fine.
    {web, "https://example.com/%C3%A4?a=%20&b=c+d", true},
    {web, "https://example.com/a/../b", true},
    // Addresses.
    {web, "https://127.0.0.1/callback", false},
    {web, "https://[::1]/callback", false},
    {web, "https://0x7f.1/callback", false},
    {native, "http://127.0.0.2/callback", false},
    {native, "http://127.1/callback", false},
    {native, "http://2130706433/callback", false},
    {native, "http://0x7f.0.0.1/callback", false},
    {native, "http://0.0.0.0/callback", false},
    {native, "http://[::]/callback", false},
    {native, "http://[0:0:0:0:0:0:0:1]/callback", false},
    {native, "http://[::ffff:127.0.0.1]/callback", false},
    {native, "http://[::1/callback", false},
    {native, "http://[::1]evil.example/callback", false},
    {native, "http://localhost./callback", false},
    {native, "http://localhost.evil.example/callback", false},
    {native, "http://app.localhost/callback", false},
    {native, "http://localhost@evil.example/callback", false},
    {native, "http://user@localhost/callback", false},
    {native, "http://localhost@localhost/callback", false},
    {native, "http://localhost/callback#x", false},
    {native, "http://example.com/callback", false},
    {native, "http://localhost\\@evil.example/", false},
    {native, "http:localhost/callback", false},
    // Schemes of one's own.
    {native, "com.example.app:callback?x=y", true},
    {native, "COM.EXAMPLE.app:/callback", false},
    {web, "HTTPS://example.com/callback", false},
    {native, "com.examples:/callback", false},
    {native, "com.example-evil:/callback", false},
    {native, "com:/callback", false},
    {native, "org.com.example:/callback", false},
    {native, "com.example:/callback#x", false},
    {native, "com.example:///callback", false},
    {native, "com.example:\\\\callback", false},
    {native, "javascript:alert(1)", false},
    {native, "data:text/html,x", false},
    {native, "file:///etc/passwd", false},
    {native, "urn:ietf:wg:oauth:2.0:oob", false},
    {native, "1com.example:/callback", false},
    {native, ":/callback", false},
    // Not for web clients.
    {web, "com.example:/callback", false},
    {web, "javascript:alert(1)", false},
    {web, "http://127.0.0.1/callback", false},
};

TEST(RedirectUri, WhatCanBeRegistered) {
  for (const auto& [type, uri, good] : kRows) {
    const auto problem = redirect_uri_problem(uri, type, "example.com");
    EXPECT_EQ(!problem, good) << uri << ": " << problem.value_or("good");
  }
}

TEST(RedirectUri, OfALoopbackAddressIsKeptWithoutItsPort) {
  for (const auto& [uri, kept] : std::initializer_list<std::pair<std::string, std::string>>{
           {"http://localhost:3001/login", "http://localhost/login"},
           {"http://127.0.0.1:1234/cb?a=b", "http://127.0.0.1/cb?a=b"},
           {"http://[::1]:1234", "http://[::1]"},
           {"http://localhost/cb", "http://localhost/cb"},
           {"https://example.com:8443/cb", "https://example.com:8443/cb"},
           {"com.example:/cb", "com.example:/cb"}}) {
    EXPECT_EQ(kept_redirect_uri(uri, native), kept);
    EXPECT_EQ(kept_redirect_uri(uri, web), uri);
    EXPECT_TRUE(same_redirect_uri(kept, uri, native)) << uri;
  }
}

struct LocalRow {
  std::string_view client_host;
  ApplicationType type;
  std::string_view uri;
  bool good;
};

// With Hosts::local_too; none of them is good without.
constexpr LocalRow kLocal[] = {
    {"192.168.1.5", web, "http://192.168.1.5:8080/cb", true},
    {"192.168.1.5", web, "https://192.168.1.5/cb", true},
    {"10.0.0.1", web, "http://10.0.0.1/", true},
    {"172.31.255.1", web, "http://172.31.255.1/", true},
    {"169.254.1.1", web, "http://169.254.1.1/", true},
    {"[fd00::1]", web, "http://[fd00::1]:8080/cb", true},
    {"[fe80::1]", web, "http://[fe80::1]/cb", true},
    {"intranet", web, "https://intranet/cb", true},
    {"intranet", web, "http://intranet:8080/cb", true},
    {"localhost", web, "http://localhost:8080/cb", true},
    {"127.0.0.1", web, "http://127.0.0.1:8080/cb", true},
    // Public addresses, and such in a form that browsers read otherwise.
    {"192.0.2.1", web, "http://192.0.2.1/cb", false},
    {"172.32.0.1", web, "https://172.32.0.1/cb", false},
    {"[2001:db8::1]", web, "http://[2001:db8::1]/cb", false},
    {"[::ffff:10.0.0.1]", web, "http://[::ffff:10.0.0.1]/cb", false},
    {"010.0.0.1", web, "http://010.0.0.1/cb", false},
    {"10.1", web, "http://10.1/cb", false},
    {"0x7f", web, "http://0x7f/cb", false},
    {"2130706433", web, "http://2130706433/cb", false},
    {"[fd00::0:1]", web, "http://[fd00::0:1]/cb", false},
    {"0.0.0.0", web, "http://0.0.0.0/cb", false},
    // A single label and an address are no base for others.
    {"com", web, "https://example.com/cb", false},
    {"com", native, "com.example.app:/cb", false},
    {"com", native, "com:/cb", false},
    {"localhost", native, "localhost:/cb", false},
    {"1.5", web, "http://192.168.1.5/cb", false},
    {"192.168.1.5", web, "http://192.168.1.6/cb", false},
    {"intranet", web, "http://localhost/cb", false},
    {"intranet", web, "http://user@intranet/cb", false},
    // What has a domain name needs https still.
    {"example.com", web, "http://example.com/cb", false},
};

TEST(RedirectUri, OnALocalHostIsTheOperatorsToAllow) {
  for (const auto& [host, type, uri, good] : kLocal) {
    const auto problem = redirect_uri_problem(uri, type, host, Hosts::local_too);
    EXPECT_EQ(!problem, good) << uri << ": " << problem.value_or("good");
    EXPECT_TRUE(redirect_uri_problem(uri, type, host)) << uri;
  }
}

TEST(RedirectUri, WhatAnOperatorCanConfigure) {
  for (const auto* uri :
       {"https://anything.example/cb", "https://intranet/cb", "https://[2001:db8::1]:8443/cb",
        "http://localhost:1234/cb", "http://127.0.0.1/cb", "com.example.app:/cb"}) {
    EXPECT_EQ(configured_redirect_uri_problem(uri), std::nullopt) << uri;
  }
  for (const auto* uri : {"", "cb", "https://", "https:cb", "http://example.com/cb", "javascript:x",
                          "https://a@example.com/", "https://example.com/#", "data:,x"}) {
    EXPECT_TRUE(configured_redirect_uri_problem(uri)) << uri;
  }
}

struct Match {
  ApplicationType type;
  std::string_view registered;
  std::string_view asked;
  bool same;
};

constexpr Match kMatches[] = {
    {web, "https://example.com/cb", "https://example.com/cb", true},
    {web, "https://example.com/cb", "https://example.com/cb/", false},
    {web, "https://example.com/cb", "https://example.com/c", false},
    {web, "https://example.com/cb", "https://example.com/cb?x=y", false},
    {web, "https://example.com/cb", "https://example.com/cb#x", false},
    {web, "https://example.com/cb", "https://example.com/CB", false},
    {web, "https://example.com/cb", "https://EXAMPLE.com/cb", false},
    {web, "https://example.com/cb", "https://example.com:443/cb", false},
    {web, "https://example.com/cb", "https://example.com/%63b", false},
    {web, "https://example.com/cb", "https://example.com/x/../cb", false},
    {web, "https://example.com/cb", "https://app.example.com/cb", false},
    {web, "https://example.com/cb", "https://user@example.com/cb", false},
    {web, "https://example.com/cb", "https://example.com./cb", false},
    {web, "https://example.com/cb", "http://example.com/cb", false},
    {web, "https://example.com/cb", "https://example.com/cb\n", false},
    {web, "https://example.com/cb", "", false},
    {web, "http://localhost/cb", "http://localhost:1234/cb", false},
    {native, "http://localhost/cb", "http://localhost/cb", true},
    {native, "http://localhost/cb", "http://localhost:1234/cb", true},
    {native, "http://localhost:99/cb", "http://localhost:1234/cb", true},
    {native, "http://localhost:99/cb", "http://localhost/cb", true},
    {native, "http://127.0.0.1/cb?a=b", "http://127.0.0.1:65535/cb?a=b", true},
    {native, "http://[::1]/cb", "http://[::1]:1234/cb", true},
    {native, "http://[::1]", "http://[::1]:1234", true},
    {native, "http://localhost/cb", "http://127.0.0.1:1234/cb", false},
    {native, "http://127.0.0.1/cb", "http://localhost:1234/cb", false},
    {native, "http://127.0.0.1/cb", "http://127.0.0.2:1234/cb", false},
    {native, "http://localhost/cb", "http://localhost:1234/other", false},
    {native, "http://localhost/cb", "http://localhost:1234/cb?x", false},
    {native, "http://localhost/cb", "http://localhost:1234/cb#x", false},
    {native, "http://localhost/cb", "http://localhost:0/cb", false},
    {native, "http://localhost/cb", "http://localhost:65536/cb", false},
    {native, "http://localhost/cb", "http://localhost:/cb", false},
    {native, "http://localhost/cb", "http://localhost:1234@evil.example/cb", false},
    {native, "http://localhost/cb", "http://x@localhost:1234/cb", false},
    {native, "http://localhost/cb", "http://localhost.evil.example:1234/cb", false},
    {native, "http://localhost/cb", "HTTP://LOCALHOST:1234/cb", false},
    {native, "http://localhost/cb", "https://localhost:1234/cb", false},
    {native, "http://localhost/cb", "http://localhost:1234\\cb", false},
    {native, "http://localhost/cb", "http://evil.example/cb", false},
    {native, "https://example.com/cb", "https://example.com:1234/cb", false},
    {native, "com.example:/cb", "com.example:/cb", true},
    {native, "com.example:/cb", "com.example://cb", false},
    {native, "com.example:/cb", "com.example.app:/cb", false},
};

TEST(RedirectUri, WhichOfThemARequestMeans) {
  for (const auto& [type, registered, asked, same] : kMatches) {
    EXPECT_EQ(same_redirect_uri(registered, asked, type), same) << registered << " | " << asked;
  }
}

}  // namespace
}  // namespace latchkey::clients
