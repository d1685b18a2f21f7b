#include "tests/support/hub.h"

#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::support {
namespace {

std::string quoted_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items)
    out += (out.empty() ? "\"" : ", \"") + item + '"';
  return '[' + out + ']';
}

std::string endpoint_of(const SiteEntry& site) {
  return site.address + ':' + std::to_string(site.port);
}

// Where the test's own keys of this site say nothing else; further sites may follow them.
std::string endpoint_line(const SiteEntry& site) {
  if (site.more.find("endpoint = ") < site.more.find("[[site]]")) return "";
  return "endpoint = [\"" + endpoint_of(site) + "\"]\n";
}

std::string site_text(const SiteEntry& site, const std::string& name) {
  const std::string& hub = site.local.empty() ? name : site.local;
  return "[[site]]\nname = \"" + site.name + "\"\npin = [\"" + site.pin +
         "\"]\ndial = " + quoted_list(site.dial) + "\naddress = \"" + site.address + "\"\n" +
         endpoint_line(site) + "deliver = \"127.0.0.1:" + std::to_string(site.deliver) + "\"\ndomains = [\"" +
         site.name + ".example\", \"." + site.name + ".example\"]\nlocal = [\"" + hub + ".example\", \"." +
         hub + ".example\"]\n" + site.more + "\n";
}

// Each line that a hub logs has its row, with its level, in the table that docs/operations.md is made of. The
// last line may have been cut by a kill.
void expect_known_lines(const std::string& log) {
  constexpr std::string_view kName = " relayd[";
  std::set<std::string> told;
  std::istringstream lines(log.substr(0, log.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t name = line.find(kName);
    const std::size_t level = line.find("] ", name);
    const std::size_t text = line.find(": ", level);
    if (name == line.npos || level == line.npos || text == line.npos) continue;  // not by the logger
    const std::string said = line.substr(text + 2);
    const auto* const row = daemon::match_line(said).row;
    const bool is_known =
        row != nullptr && row->levels.find(line.substr(level + 2, text - level - 2)) != row->levels.npos;
    if (!is_known && told.insert(said.substr(0, 40)).second)
      ADD_FAILURE() << "no row of relayd/daemon/log_lines_of_*.cc is of this line and level: " << line;
  }
}

}  // namespace

std::string nobodys_pin() {
  return "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
}

Hub::Hub(std::string name, std::uint16_t listen) : name_(std::move(name)), listen_(listen) {
  configure({});
  const Finished made = relayctl({"init"});
  if (made.status != 0) throw std::runtime_error(made.output);
  pin_ = relayctl({"fingerprint"}).output;
  pin_ = pin_.substr(pin_.find("sha256:"));
  pin_.pop_back();
}

Hub::~Hub() {
  process_.reset();
  expect_known_lines(read_file(file("log")));
}

void Hub::configure(const std::vector<SiteEntry>& sites, const std::string& hub_keys) {
  std::string text = "[hub]\nname = \"" + name_ + "\"\nidentity = \"" + file("identity.pem") +
                     "\"\nstate_dir = \"" + file("state") + "\"\ncontrol = \"" + file("control.sock") +
                     "\"\n";
  if (listen_ != 0) text += "listen = [\"127.0.0.1:" + std::to_string(listen_) + "\"]\n";
  text += hub_keys + "\n";
  for (const SiteEntry& site : sites)
    text += site_text(site, name_);
  write_file(config(), text);
}

void Hub::launch(const std::vector<std::string>& arguments) {
  // A test that installs programs has its own there.
  const std::string own = file("relayd");
  std::vector<std::string> all{std::filesystem::exists(own) ? own : TSMTP_RELAYD, "--config", config()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<Process>(all, file("log"));
}

void Hub::start() {
  launch();
  const bool serves = wait_until([&] { return !process_->running() || relayctl({"status"}).status == 0; });
  if (!serves || !process_->running()) throw std::runtime_error(name_ + " does not start:\n" + log());
}

void Hub::kill() {
  process_->signal(SIGKILL);
  (void)process_->wait();
}

bool Hub::logs(const std::string& text) const {
  return wait_until([&] { return log().find(text) != std::string::npos; });
}

Finished Hub::relayctl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {TSMTP_RELAYCTL, "--config", config()});
  return run(arguments);
}

nlohmann::json Hub::status() const {
  const std::string output = relayctl({"status", "--json"}).output;
  const std::size_t begin = output.find('{');  // warnings of the configuration come first
  if (begin == std::string::npos) return nlohmann::json::object();  // it does not serve (yet)
  return nlohmann::json::parse(output.substr(begin), nullptr, false);
}

nlohmann::json Hub::site_status(const std::string& site) const {
  for (const auto& entry : status().value("sites", nlohmann::json::array()))
    if (entry.value("name", "") == site) return entry;
  return {};
}

bool Hub::wait_for_link(const std::string& site) const {
  return wait_until([&] {
    const auto entry = site_status(site);
    return entry.is_object() && entry["state"] == "up" && entry["far_mta"].is_string() &&
           entry["far_mta"].get<std::string>().starts_with("reachable");
  });
}

bool Hub::wait_for_link_down(const std::string& site) const {
  return wait_until([&] {
    const auto entry = site_status(site);
    return entry.is_object() && entry["state"] != "up";
  });
}

}  // namespace tsmtp::support
