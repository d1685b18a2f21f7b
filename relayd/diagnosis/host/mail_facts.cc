#include "relayd/diagnosis/host/mail_facts.h"

#include <algorithm>

#include "mailertable/files/input.h"
#include "mailertable/hub/sendmail_cf.h"
#include "mailertable/hub/sites.h"
#include "mailertable/lookup/any_table.h"
#include "mailertable/lookup/resolver.h"
#include "mailertable/programs/run_program.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "relayd/base/diagnostic.h"
#include "relayd/base/idna.h"
#include "relayd/control/request.h"
#include "relayd/diagnosis/hub/cf_reading.h"
#include "relayd/diagnosis/hub/places.h"
#include "relayd/net/control/request_client.h"
#include "relayd/net/endpoint/greeting.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::chrono::seconds kPatience{3};

std::string domain_of(const std::string& address) {
  const std::string domain = address.substr(address.rfind('@') + 1);
  const auto ascii = base::ascii_domain(domain);
  return ascii ? *ascii : domain;
}

KnownSite known(const settings::Site& site) {
  KnownSite out{.name = site.name, .address = site.address, .endpoints = {}};
  for (const base::HostPort& endpoint : site.endpoints)
    out.endpoints.push_back(endpoint.to_string());
  return out;
}

base::Result<SendmailChoice> ask_sendmail(const Question& question) {
  // timeout(1) ends with this status when the time is over.
  constexpr int kTimeIsOver = 124;
  const auto ran = mailertable::run_program({"timeout", "10", "sendmail", "-bt", "-C" + question.cf},
                                            question_of(question.recipient));
  if (!ran) return base::Error{ran.error().message};
  if (ran->status == kTimeIsOver)
    return base::Error{"sendmail -bt has not answered for 10 s; most likely it waits for the DNS"};
  auto choice = read_choice(ran->output);
  if (choice || ran->errors.empty()) return choice;
  return base::Error{"sendmail -bt: " + ran->errors.substr(0, ran->errors.find('\n'))};
}

// Where the key stands in the text, if the text is there and says the same.
TableLine line_of(const std::string& path, const std::string& key, const std::string& value) {
  TableLine line{.place = path, .key = key, .value = value};
  const auto text = mailertable::read_input(path);
  if (!text) return line;
  base::Diagnostics ignored;
  const mailertable::Table table = mailertable::parse(*text, path, ignored);
  const auto found = std::find_if(table.entries.begin(), table.entries.end(),
                                  [&](const mailertable::Entry& entry) { return entry.key == key; });
  line.is_built = found != table.entries.end() &&
                  mailertable::substitute(found->value, {}) == mailertable::substitute(value, {});
  if (found != table.entries.end()) line.place += ':' + std::to_string(found->line);
  return line;
}

base::Result<std::optional<TableLine>> ask_table(const std::string& path, const std::string& domain) {
  const auto table = mailertable::AnyTable::read(path + ".db");
  if (!table) return base::Error{table.error().message};
  const mailertable::Walk way =
      mailertable::walk(domain, [&](std::string_view key) { return table->find(key); });
  if (!way.answered) return std::optional<TableLine>();
  return std::optional(line_of(path, way.steps.back().key, *way.steps.back().value));
}

// "[127.0.5.2]" as the table writes it; a name; a socket's path.
std::string host_of(const SendmailChoice& choice) {
  std::string host = choice.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

const settings::Site* site_called(const settings::Config& config, const std::string& name) {
  const auto found = std::find_if(config.sites.begin(), config.sites.end(),
                                  [&](const settings::Site& site) { return site.name == name; });
  return found == config.sites.end() ? nullptr : &*found;
}

const settings::Site* site_reached(const settings::Config& config, const SendmailChoice& choice) {
  mailertable::Sites sites = mailertable::sites_of(config);
  if (const auto hosts = mailertable::read_input("/etc/hosts")) mailertable::add_hosts(sites, *hosts);
  const mailertable::Site* const site = sites.at(host_of(choice));
  return site == nullptr ? nullptr : site_called(config, site->name);
}

const settings::Site* site_behind(const settings::Config& config, const std::string& domain) {
  const auto found = std::find_if(config.sites.begin(), config.sites.end(), [&](const settings::Site& site) {
    return site.rules.domains.contains(domain);
  });
  return found == config.sites.end() ? nullptr : &*found;
}

base::Result<control::ProbeAnswer> ask_relayd(const settings::Config& config, const settings::Site& site,
                                              const Question& question) {
  const std::string request = control::request_line(
      control::Request::kProbe,
      control::argument_of({.site = site.name, .sender = question.sender, .recipient = question.recipient}));
  const auto received = net::ask(config.hub.control, request);
  if (!received) return received.error();
  const auto reply = control::parse_reply(*received);
  if (!reply) return reply.error();
  return control::parse_probe_answer(*reply);
}

/// The line of the class of sendmail.cf at `cf` that holds `domain`, or a domain above it.
base::Result<std::string> ask_class(const std::string& cf, const std::string& domain) {
  const auto said = [](std::string text) {
    return base::Result<std::string>(boost::system::in_place_value, std::move(text));
  };
  const auto text = mailertable::read_input(cf);
  if (!text) return base::Error{text.error().message};
  const CfReading reading = read_cf(*text);
  if (reading.closed_file.empty() && reading.is_closing) return base::Error{"the list is a map"};
  if (reading.closed_file.empty()) return said("");
  const auto list = mailertable::read_input(reading.closed_file);
  if (!list) return base::Error{list.error().message};
  std::string place;
  for_lines(*list, [&](std::string_view line, int number) {
    const std::vector<std::string> words = words_in(base::ascii_lower(line));
    const std::vector<std::string> names = with_parents(base::ascii_lower(domain));
    if (place.empty() && !words.empty() &&
        std::find(names.begin(), names.end(), words.front()) != names.end())
      place = reading.closed_file + ':' + std::to_string(number);
  });
  return said(place);
}

}  // namespace

Facts gather(const settings::Config& config, const Question& question) {
  Facts facts{.sender = question.sender, .recipient = question.recipient};
  const std::string domain = domain_of(question.recipient);
  const settings::Site* const behind = site_behind(config, domain);
  if (behind != nullptr) facts.behind = known(*behind);
  facts.sendmail = ask_sendmail(question);
  if (const auto cf = mailertable::read_sendmail_cf(question.cf); cf && cf->mailertable) {
    facts.table = cf->mailertable->path;
    facts.table_line = ask_table(facts.table, domain);
    facts.closed = ask_class(question.cf, domain);
  }
  const settings::Site* reached =
      behind;  // where sendmail cannot be asked, it is another MTA that leads there
  if (*facts.sendmail) reached = site_reached(config, **facts.sendmail);
  if (reached == nullptr) return facts;
  facts.reached = known(*reached);
  facts.endpoint = reached->endpoints.front().to_string();
  facts.greeting = net::greeting_at(reached->endpoints.front(), kPatience);
  facts.relayd = ask_relayd(config, *reached, question);
  return facts;
}

}  // namespace tsmtp::diagnosis
