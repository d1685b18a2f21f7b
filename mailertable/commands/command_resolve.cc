// mailertable resolve: says where sendmail's rules would send the mail for a name, and by which key.
#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mailertable/commands/command_line.h"
#include "mailertable/commands/commands.h"
#include "mailertable/lookup/any_table.h"
#include "mailertable/lookup/fate.h"
#include "mailertable/lookup/resolver.h"
#include "relayd/base/bytes.h"
#include "relayd/base/idna.h"

namespace tsmtp::mailertable {
namespace {

/// The domain of a name or address as the rules see it, or why it has none.
struct Asked {
  std::string domain;
  std::string objection;
};

bool is_domain(std::string_view name) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.front() != '.' && name.find("..") == std::string_view::npos &&
         name.find_first_not_of(kCharacters) == std::string_view::npos;
}

Asked domain_of(std::string_view name) {
  if (name.starts_with('<') && name.ends_with('>')) name = name.substr(1, name.size() - 2);
  if (const std::size_t at = name.rfind('@'); at != std::string_view::npos) name.remove_prefix(at + 1);
  if (name.starts_with('[')) return {"", "an address in brackets is not looked up in the mailertable"};
  const auto ascii = base::ascii_domain(name);
  if (!ascii) return {"", ascii.error().message};
  if (!is_domain(*ascii))
    return {"", "no domain; a name such as mx.birl.example or joe@birl.example was expected"};
  return {*ascii, ""};
}

std::string text_of(const std::string& name, const Walk& way, const Mailers& mailers) {
  const std::string answer =
      way.answered ? base::escaped(*way.steps.back().value, 2000) + ", by the key " +
                         base::escaped(way.steps.back().key)
      : way.is_endless ? "sendmail gives up: values without a mailer lead in circles"
                       : "no key answers; sendmail goes on with its other rules (SMART_HOST, or the MX)";
  std::string text = base::escaped(name) + ": " + answer + '\n';
  if (way.answered) text += "  mail is " + fate_of(*way.steps.back().value, mailers).text + '\n';
  std::size_t width = 0;
  for (const Step& step : way.steps)
    width = std::max(width, base::escaped(step.key).size());
  for (const Step& step : way.steps)
    text += fmt::format("  {:<{}}  {}\n", base::escaped(step.key), width,
                        step.value ? base::escaped(*step.value, 2000) : "-");
  return text;
}

nlohmann::ordered_json json_of(const std::string& name, const Walk& way, const Mailers& mailers) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const Step& step : way.steps)
    steps.push_back(
        {{"key", step.key}, {"value", step.value ? nlohmann::ordered_json(*step.value) : nullptr}});
  nlohmann::ordered_json one{{"name", name}, {"key", nullptr}, {"value", nullptr}, {"steps", steps}};
  if (way.answered) one["key"] = way.steps.back().key;
  if (way.answered) one["value"] = *way.steps.back().value;
  one["fate"] = nullptr;
  if (!way.answered) return one;
  const Fate fate = fate_of(*way.steps.back().value, mailers);
  one["fate"] = {{"kind", name_of(fate.kind)}, {"text", fate.text}};
  return one;
}

/// Walks for each name and says how it went; the exit status.
int resolve_all(const AnyTable& table, const std::vector<std::string>& names, const Mailers& mailers,
                bool is_json) {
  int status = EX_OK;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  const Lookup lookup = [&](std::string_view key) { return table.find(key); };
  for (const std::string& name : names) {
    const Asked asked = domain_of(name);
    if (!asked.objection.empty()) {
      fmt::print(stderr, "mailertable: {}: {}\n", base::escaped(name), asked.objection);
      status = EX_DATAERR;
      continue;
    }
    const Walk way = walk(asked.domain, lookup);
    if (!way.answered && status == EX_OK) status = 1;
    if (is_json)
      all.push_back(json_of(name, way, mailers));
    else
      fmt::print("{}", text_of(name, way, mailers));
  }
  if (is_json) fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return status;
}

}  // namespace

int run_resolve(int argc, char** argv) {
  std::string path;
  std::vector<std::string> names;
  std::string format = "text";
  CLI::App app(
      "Says which key of TABLE answers for each NAME, as sendmail's rules walk, every step, and what becomes "
      "of the mail.",
      "mailertable resolve");
  app.add_option("TABLE", path, "A table, or the text of one")->required();
  app.add_option("NAME", names, "A host, domain or mail address")->required();
  app.add_option("--format", format, "text or json (text)")
      ->check(CLI::IsMember({"text", "json"}).description(""))
      ->type_name("FORMAT");
  CheckOptions options;
  app.add_option("--cf", options.cf,
                 "Your sendmail.cf, for its mailers (" + options.usual_cf + ", where there is one)")
      ->type_name("FILE");
  if (const auto status = read_arguments(app, argc, argv)) return *status;
  Job job;
  if (const auto status = prepare(options, job)) return *status;
  const auto table = AnyTable::read(path);
  if (!table) return show_failure(table.error());
  return resolve_all(*table, names, job.knowledge.mailers, format == "json");
}

}  // namespace tsmtp::mailertable
