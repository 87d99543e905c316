#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/types.h"
#include "platform/time.h"

// Options structs, seen as a tree of values by name. The template part of platform/config:
// loader, example and reference work on the tree.
namespace latchkey::config {

// An enum behind its names.
struct Enumerated {
  std::vector<std::string_view> names;
  std::function<std::size_t()> get;  // index into names
  std::function<void(std::size_t)> set;
};

using Value = std::variant<bool*, int*, unsigned*, std::size_t*, std::int64_t*, double*,
                           std::string*, std::vector<std::string>*, Duration*, Limit*, Secret*,
                           Bytes*, Path*, std::vector<Path>*, Enumerated>;

// Both ends included: of the number, the milliseconds, the bytes, or the length of a text or
// list.
struct Range {
  double lo;
  double hi;
};

struct Option {
  std::string name;
  std::string sentence;
  Value value;
  std::optional<Range> range;
  bool required = false;
  std::string_view example;
};

struct Group {
  std::string name;
  std::string sentence;
  // In the order of declaration.
  std::vector<std::variant<Option, Group>> members;
  // Rules between options: each sentence says what is wrong. May be empty.
  std::function<std::vector<std::string>()> problems;
};

template <class T>
concept HasProblems = requires(const T& options) {
  { options.problems() } -> std::convertible_to<std::vector<std::string>>;
};

// What options() gets as its argument.
class Visitor {
 public:
  explicit Visitor(Group& into) : into_(into) {}

  template <class T, class... Attributes>
  void operator()(std::string_view name, T& value, std::string_view sentence,
                  const Attributes&... attributes) {
    Option option{std::string(name), std::string(sentence), Value{}, {}, false, {}};
    if constexpr (!std::is_enum_v<T>) option.value = &value;
    (apply(option, value, attributes), ...);
    into_.members.emplace_back(std::move(option));
  }

  // A struct with options() of its own. It may also have a
  // `std::vector<std::string> problems() const` for rules between its options.
  template <class T>
  void group(std::string_view name, T& options, std::string_view sentence) {
    Group child{std::string(name), std::string(sentence), {}, {}};
    Visitor visit(child);
    options.options(visit);
    if constexpr (HasProblems<T>) child.problems = [&options] { return options.problems(); };
    into_.members.emplace_back(std::move(child));
  }

 private:
  template <class T>
  static double number(T bound) {
    if constexpr (std::is_arithmetic_v<T>) {
      return static_cast<double>(bound);
    } else {
      return static_cast<double>(Duration(bound).count());
    }
  }

  template <class T, class Lo, class Hi>
  static void apply(Option& option, T&, const Between<Lo, Hi>& between) {
    option.range = Range{number(between.lo), number(between.hi)};
  }
  template <class T>
  static void apply(Option& option, T&, const Required&) {
    option.required = true;
  }
  template <class T>
  static void apply(Option& option, T&, const Example& example) {
    option.example = example.text;
  }
  template <class Enum>
  static void apply(Option& option, Enum& value, const Choices<Enum>& choices) {
    Enumerated enumerated;
    for (const auto& [name, of] : choices.of) enumerated.names.push_back(name);
    enumerated.get = [&value, of = choices.of] {
      std::size_t i = 0;
      while (i < of.size() && of[i].second != value) ++i;
      return i;
    };
    enumerated.set = [&value, of = choices.of](std::size_t i) { value = of.at(i).second; };
    option.value = std::move(enumerated);
  }

  Group& into_;
};

// The tree of `root`, pointing into it.
template <class T>
Group describe(T& root) {
  Group group;
  Visitor visit(group);
  root.options(visit);
  if constexpr (HasProblems<T>) group.problems = [&root] { return root.problems(); };
  return group;
}

}  // namespace latchkey::config
