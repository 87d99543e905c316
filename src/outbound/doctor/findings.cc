#include "outbound/doctor/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

namespace latchkey::doctor {
namespace {

namespace json = boost::json;
using Kind = Finding::Kind;

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::good:
      return "good";
    case Kind::advice:
      return "look";
    case Kind::wrong:
      return "wrong";
  }
  return "";
}

}  // namespace

void Report::good(std::string subject, std::string sentence) {
  findings.push_back({Kind::good, std::move(subject), std::move(sentence), {}});
}

void Report::advise(std::string subject, std::string sentence, std::string change) {
  findings.push_back({Kind::advice, std::move(subject), std::move(sentence), std::move(change)});
}

void Report::wrong(std::string subject, std::string sentence, std::string change) {
  findings.push_back({Kind::wrong, std::move(subject), std::move(sentence), std::move(change)});
}

bool healthy(const std::vector<Finding>& findings) {
  return std::ranges::none_of(findings, [](const Finding& of) { return of.kind == Kind::wrong; });
}

std::string say(const std::vector<Finding>& findings) {
  std::string words;
  for (const Finding& of : findings) {
    words += fmt::format("{:<6} {}: {}\n", word_of(of.kind), of.subject, of.sentence);
    if (!of.change.empty()) words += fmt::format("       change: {}\n", of.change);
  }
  const auto wrong = std::ranges::count(findings, Kind::wrong, &Finding::kind);
  words += wrong == 0 ? std::string("Nothing is wrong.")
                      : fmt::format("{} {} wrong.", wrong, wrong == 1 ? "thing is" : "things are");
  return words;
}

json::object as_json(const std::vector<Finding>& findings) {
  json::array list;
  for (const Finding& of : findings) {
    json::object described{
        {"result", word_of(of.kind)}, {"subject", of.subject}, {"sentence", of.sentence}};
    if (!of.change.empty()) described["change"] = of.change;
    list.push_back(std::move(described));
  }
  return {{"ok", healthy(findings)}, {"findings", std::move(list)}};
}

}  // namespace latchkey::doctor
