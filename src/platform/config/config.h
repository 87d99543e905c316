#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include "platform/config/option.h"

// The configuration file: YAML into options structs, and the texts that come from the structs.
//
// An options struct says what it has once, beside what it configures:
//
//   struct LimitOptions {
//     std::size_t max_connections = 10'000;
//     template <class Visitor>
//     void options(Visitor& visit) {
//       visit("max_connections", max_connections, "Connections open at once; …",
//             config::Between{1, 1'000'000});
//     }
//   };
namespace latchkey::config {

using Errors = std::vector<std::string>;

// On which line of the file each option and group of it is, by its path: "sessions.maximum_age".
using Lines = std::map<std::string, int, std::less<>>;

// A sentence that begins with the path of an option ("listen: …"), with its line before it. An
// option that the file leaves out is found at its group, if that is there.
std::string located(const Lines& lines, std::string sentence);

// What the configuration is read for.
enum class Reading {
  whole,
  // For where its server is found alone: a secret that this process's environment does not have is
  // left out, and no rule between options is checked. A command's shell need not know the secrets
  // of the server that it asks.
  to_find_the_server,
};

// Reads `yaml` into `root`; what it does not name keeps its value. Reports every error, each
// with its line: "line 7: sessions.access_token_lifetime: '5 parsecs' is not a duration, try
// '5m'". After errors `root` is partly filled and must not be used. Relative paths are taken
// from `folder`. Returns where everything is.
std::expected<Lines, Errors> load_tree(const std::string& yaml, const std::string& folder,
                                       const Group& root, Reading reading = Reading::whole);

// The same from a file; an unreadable one is an error like the others.
std::expected<Lines, Errors> load_tree_file(const std::string& path, const Group& root,
                                            Reading reading = Reading::whole);

// The paths of the options in which two trees of the same struct differ. A secret's value is
// compared too; it shows nowhere.
std::vector<std::string> differences_of_trees(const Group& before, const Group& after);

// What each option is set to, as the file would have it; secrets are left out.
std::map<std::string, std::string> values_of_tree(const Group& root);

// All options as a commented file, each set to its default.
std::string example_tree(const Group& root);

// All options as a Markdown table for each group.
std::string reference_tree(const Group& root);

template <class T>
std::expected<Lines, Errors> load(const std::string& yaml, const std::string& folder, T& root,
                                  Reading reading = Reading::whole) {
  return load_tree(yaml, folder, describe(root), reading);
}

template <class T>
std::expected<Lines, Errors> load_file(const std::string& path, T& root,
                                       Reading reading = Reading::whole) {
  return load_tree_file(path, describe(root), reading);
}

template <class T>
std::vector<std::string> differences(T before, T after) {
  return differences_of_trees(describe(before), describe(after));
}

template <class T>
std::map<std::string, std::string> values(T root) {
  return values_of_tree(describe(root));
}

template <class T>
std::string example(T root = {}) {
  return example_tree(describe(root));
}

template <class T>
std::string reference(T root = {}) {
  return reference_tree(describe(root));
}

}  // namespace latchkey::config
