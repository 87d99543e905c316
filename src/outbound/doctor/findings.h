#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace latchkey::doctor {

struct Finding {
  enum class Kind : std::uint8_t { good, advice, wrong };
  Kind kind = Kind::good;
  std::string subject;   // "the edge"
  std::string sentence;  // what is so
  std::string change;    // which line to change, and how; empty if it is good
};

// What an examination writes its findings into.
class Report {
 public:
  std::vector<Finding> findings;

  void good(std::string subject, std::string sentence);
  void advise(std::string subject, std::string sentence, std::string change);
  void wrong(std::string subject, std::string sentence, std::string change);
};

// In words, without a line break at the end; and as data, with "ok".
std::string say(const std::vector<Finding>& findings);
boost::json::object as_json(const std::vector<Finding>& findings);
bool healthy(const std::vector<Finding>& findings);

}  // namespace latchkey::doctor
