#include "relayd/diagnosis/host/hub_gathering.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>

#include "relayd/base/descriptor.h"
#include "relayd/control/request.h"
#include "relayd/diagnosis/host/conversations.h"
#include "relayd/diagnosis/host/machine.h"
#include "relayd/diagnosis/host/names.h"
#include "relayd/diagnosis/host/processes.h"
#include "relayd/diagnosis/host/root.h"
#include "relayd/diagnosis/host/sendmail_gathering.h"
#include "relayd/diagnosis/hub/places.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/with_rights_of.h"
#include "relayd/net/tls/own_keys.h"
#include "relayd/settings/files.h"
#include "relayd/settings/reader.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::chrono::seconds kPatienceOfEach{3};
constexpr std::size_t kConnectionsAtOnce = 200;
constexpr std::size_t kMtaConnectionsAtOnce = 4;  // some MTAs take few from one host

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

/// Names of files that nobody means to be read.
bool is_kept_aside(const std::string& name) {
  for (const char* const end : {"~", ".bak", ".old", ".orig", ".save", ".swp", ".disabled", ".off",
                                ".example", ".md", ".domains", ".txt"})
    if (name.ends_with(end)) return true;
  return name.starts_with('.') || name.find(".dpkg-") != name.npos || name.find(".ucf-") != name.npos ||
         name.starts_with("README");
}

class Gathering {
 public:
  explicit Gathering(const Look& look) : look_(look), root_(look.root) {}

  HubFacts run() {
    facts_.now = net::wall_now();
    facts_.as_root = ::geteuid() == 0;
    facts_.version = look_.version;
    facts_.config_file = look_.config_file;
    facts_.cf_file = look_.cf_file;
    read_configuration();
    if (root_.is_this_host()) ask_relayd();
    find_process();
    find_user();
    look_at_files();
    read_key();
    find_names();
    knock();
    look_at_machine(root_, facts_);
    gather_sendmail(root_, facts_);
    return std::move(facts_);
  }

 private:
  void read_configuration() {
    base::Diagnostics findings;
    const std::string file = root_.real(look_.config_file);
    const auto config = settings::read(file, look_.overrides, findings);
    for (base::Diagnostic one : findings.all()) {
      one.location.file = root_.shown(one.location.file);
      one.message = root_.shown(one.message);
      facts_.config_findings.push_back(std::move(one));
    }
    facts_.has_config = config.has_value();
    facts_.config_files.push_back(look_.config_file);
    if (config) {
      facts_.hub = config->hub;
      facts_.ledger = config->ledger;
      facts_.sites = config->sites;
      facts_.for_table = mailertable::sites_of(*config);
      facts_.for_table.file = look_.config_file;
      facts_.for_sendmail = sendmail::facts_of(*config);
    } else {
      facts_.hub.control = settings::control_socket(file, look_.overrides);
    }
    find_included();
    for (const std::string& path : facts_.config_files)
      keep_text(path);
  }

  void find_included() {
    base::Diagnostics ignored;
    for (const settings::TextFile& one :
         settings::included_files(root_.real(look_.config_file), facts_.hub.include, ignored))
      facts_.config_files.push_back(root_.shown(one.path));
    for (const std::string& pattern : facts_.hub.include) {
      const bool has_wildcard = pattern.find_first_of("*?[") != pattern.npos;
      if (!has_wildcard || pattern.find('/') == pattern.npos) continue;
      const std::string folder = pattern.starts_with('/') ? folder_of(pattern)
                                                          : folder_of(look_.config_file) + '/' +
                                                                pattern.substr(0, pattern.rfind('/'));
      facts_.files[folder] = root_.look(folder);
      for (const std::string& name : root_.list(folder)) {
        const std::string path = folder + '/' + name;
        const bool is_read = std::find(facts_.config_files.begin(), facts_.config_files.end(), path) !=
                             facts_.config_files.end();
        if (!is_read && !is_kept_aside(name) && root_.look(path).kind == FileFact::Kind::kFile &&
            !is_named(path))
          facts_.ignored_files.push_back(path);
      }
    }
  }

  /// By another key of relayd.toml.
  [[nodiscard]] bool is_named(const std::string& path) const {
    const std::string name = path.substr(path.rfind('/') + 1);
    return std::any_of(facts_.sites.begin(), facts_.sites.end(), [&](const settings::Site& site) {
      return site.rules.domains_file.ends_with(name) || site.link.proxy_password_file.ends_with(name);
    });
  }

  void ask_relayd() {
    const std::string& path = facts_.hub.control;
    std::string cause;
    facts_.status = ask_json(path, control::Request::kStatusJson, cause);
    std::string ignored;
    if (facts_.status)
      facts_.invitations = ask_json(path, control::Request::kInvitationsJson, ignored);
    else if (!facts_.as_root && cause.find("ermission") != cause.npos)
      facts_.not_looked_at.push_back(path + ": " + cause + "; ask relayd as root or as its user");
    else
      facts_.status_trouble = cause;
  }

  static std::optional<control::Json> ask_json(const std::string& path, control::Request request,
                                               std::string& trouble) {
    const auto received = ask_within(path, control::request_line(request), kPatienceOfEach);
    const auto reply = received ? control::parse_reply(*received) : received;
    if (!reply) {
      trouble = reply.error().message;
      return std::nullopt;
    }
    control::Json json = control::Json::parse(*reply, nullptr, false);
    if (!json.is_discarded()) return json;
    trouble = "its answer cannot be read";
    return std::nullopt;
  }

  void find_process() {
    std::optional<int> pid;
    if (const control::Json* const status = status_of(facts_); status != nullptr)
      pid = static_cast<int>(number_in(*status, "pid"));
    else
      pid = relayd_with(root_, look_.config_file);
    if (pid) facts_.relayd = process_at(root_, *pid, facts_.now);
  }

  /// hub.user, or else the one of the process, or of systemd's unit.
  void find_user() {
    std::string name = facts_.hub.user;
    std::string whence = "hub.user";
    if (name.empty() && facts_.relayd) {
      facts_.user = UserFact{.name = facts_.relayd->user, .uid = facts_.relayd->uid};
      return;
    }
    for (const char* const folder :
         {"/etc/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/"}) {
      if (!name.empty()) break;
      whence = std::string(folder) + "relayd.service";
      for_lines(root_.read(whence).value_or(""), [&](std::string_view line, int) {
        if (line.starts_with("User=")) name = line.substr(5);
      });
    }
    if (name.empty()) return;
    facts_.user = root_.user_called(name);
    const bool is_number = name.find_first_not_of("0123456789") == name.npos;
    if (!facts_.user && !is_number)
      facts_.user_trouble = "there is no user " + in_quotes(name) + ", as " + whence + " wants relayd to be";
  }

  void keep_text(const std::string& path) {
    if (path.empty()) return;
    facts_.files[path] = root_.look(path);
    if (auto text = root_.read(path)) facts_.texts[path] = *std::move(text);
  }

  void look_at_files() {
    std::vector<std::string> paths{facts_.hub.identity,     facts_.hub.state_dir,
                                   facts_.hub.control,      facts_.ledger.files.password,
                                   facts_.ledger.files.key, facts_.ledger.files.ca};
    for (const std::string& path : facts_.config_files)
      paths.push_back(folder_of(path));
    std::vector<std::string> readable = facts_.config_files;
    for (const settings::Site& site : facts_.sites)
      for (const std::string& path : {site.rules.domains_file, site.link.proxy_password_file})
        if (!path.empty()) {
          paths.push_back(path);
          readable.push_back(path);
        }
    for (const std::string& path : paths)
      if (!path.empty()) facts_.files[path] = root_.look(path);
    look_into(facts_.hub.state_dir);
    look_into(facts_.hub.state_dir + "/ledger");
    for (const std::string& path : readable)
      try_as_user(path);
  }

  void look_into(const std::string& folder) {
    constexpr std::size_t kMost = 1000;
    const std::vector<std::string> names = root_.list(folder);
    for (std::size_t i = 0; i < names.size() && i < kMost; ++i)
      if (names[i] != "lost+found")
        facts_.files[folder + '/' + names[i]] = root_.look(folder + '/' + names[i]);
  }

  void try_as_user(const std::string& path) {
    if (!facts_.as_root || !facts_.user || facts_.user->uid == 0 || !root_.is_there(path)) return;
    const net::WithRightsOf rights(facts_.user->uid, group_of(*facts_.user));
    const base::Descriptor file(::open(root_.real(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) facts_.unreadable[path] = std::strerror(errno);
  }

  void read_key() {
    const std::string path = root_.real(facts_.hub.identity);
    if (!facts_.as_root && ::access(path.c_str(), R_OK) != 0 && errno == EACCES) {
      facts_.not_looked_at.push_back(facts_.hub.identity + ": only relayd's user and root may read it");
      return;
    }
    std::optional<net::Owner> owner;
    if (facts_.user) owner = net::Owner{.uid = facts_.user->uid, .gid = group_of(*facts_.user)};
    const auto keys = net::load_own_keys(path, root_.real(facts_.hub.state_dir), owner);
    if (!keys)
      facts_.key = base::Error{root_.shown(keys.error().message)};
    else
      facts_.key = KeyFact{.pin = net::pin_text(keys->current->pin()),
                           .digest = keys->current->pin(),
                           .made = keys->current->made()};
  }

  void find_names() {
    std::set<std::string> names;
    for (const settings::Site& site : facts_.sites)
      for (const settings::SiteHub& hub : site.hubs)
        for (const base::HostPort& dial : hub.dial)
          if (!site.link.proxy) names.insert(dial.host);  // else the proxy resolves it
    facts_.addresses = addresses_of(root_, {names.begin(), names.end()}, kPatienceOfEach);
    if (root_.is_this_host()) facts_.own_addresses = own_addresses();
  }

  void knock() {
    find_listeners();
    if (!root_.is_this_host()) return;
    std::vector<base::HostPort> configured;
    for (const settings::Site& site : facts_.sites) {
      configured.insert(configured.end(), site.endpoints.begin(), site.endpoints.end());
      // One MTA is asked once, for however many sites.
      if (std::find(configured.begin(), configured.end(), site.deliver) == configured.end())
        configured.push_back(site.deliver);
    }
    const std::size_t that_greet = configured.size();
    configured.insert(configured.end(), silent_.begin(), silent_.end());
    std::vector<Conversation> all(configured.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = {.to = numeric(configured[i]), .greets = i < that_greet};
    converse(all, kConnectionsAtOnce, kPatienceOfEach);
    for (std::size_t i = 0; i < all.size(); ++i)
      keep_greeting(configured[i], all[i]);
    std::vector<Conversation> questions = questions_to_mta();
    converse(questions, kMtaConnectionsAtOnce, kPatienceOfEach);
    for (std::size_t i = 0; i < questions.size(); ++i)
      keep_answers(questions[i], facts_.mta[i]);
  }

  void find_listeners() {
    const Listeners listeners(root_);
    std::vector<base::HostPort> own = facts_.hub.listen;
    if (facts_.hub.metrics) own.push_back(*facts_.hub.metrics);
    // A connection there is a stranger to relayd, so none is made where it is known to listen.
    std::copy_if(own.begin(), own.end(), std::back_inserter(silent_),
                 [&](const base::HostPort& listen) { return !listeners.are_at(listen); });
    for (const settings::Site& site : facts_.sites)
      own.insert(own.end(), site.endpoints.begin(), site.endpoints.end());
    for (const base::HostPort& address : own)
      if (!address.is_unix()) facts_.ports[address.to_string()].holders = listeners.at(address);
  }

  /// Where a connection to it goes.
  static base::HostPort numeric(base::HostPort place) {
    if (place.host == "localhost" || place.host == "0.0.0.0") place.host = "127.0.0.1";
    if (place.host == "::") place.host = "::1";
    return place;
  }

  void keep_greeting(const base::HostPort& address, const Conversation& said) {
    if (said.trouble == "no address") return;  // a name
    PortFact& port = facts_.ports[address.to_string()];
    if (!said.replies.empty())
      port.greeting = base::Result<std::string>(boost::system::in_place_value, said.replies.front());
    else if (!said.trouble.empty())
      port.greeting = base::Error{said.trouble};
  }

  std::vector<Conversation> questions_to_mta() {
    constexpr std::size_t kMost = 20;
    std::vector<Conversation> all;
    for (const settings::Site& site : facts_.sites) {
      const auto whole = [](const std::vector<std::string>& patterns) {
        const auto found = std::find_if(patterns.begin(), patterns.end(),
                                        [](const std::string& one) { return !one.starts_with('.'); });
        return found == patterns.end() ? std::string() : *found;
      };
      const std::string theirs = whole(site.rules.domains.patterns());
      const std::string ours = whole(site.rules.local.patterns());
      const bool is_on_loopback =
          !site.deliver.is_unix() && base::is_ipv4(site.deliver.host) && base::is_loopback(site.deliver.host);
      if (site.address.empty() || !is_on_loopback || site.origin != settings::Origin::kNone ||
          theirs.empty() || ours.empty() || facts_.mta.size() == kMost)
        continue;
      MtaFact& mta = facts_.mta.emplace_back();
      mta.site = site.name;
      mta.from = site.address;
      mta.deliver = site.deliver.to_string();
      mta.sender_asked = "postmaster@" + theirs;
      mta.recipient_asked = "postmaster@" + ours;
      Conversation questions{.to = site.deliver, .from = site.address};
      questions.questions = {"EHLO [" + site.address + ']', "MAIL FROM:<" + mta.sender_asked + '>',
                             "RCPT TO:<" + mta.recipient_asked + '>'};
      const auto& local = site.rules.local.patterns();
      if (std::find(local.begin(), local.end(), ".") == local.end())
        questions.questions.emplace_back("RCPT TO:<postmaster@doctor.tsmtp.invalid>");
      all.push_back(std::move(questions));
    }
    return all;
  }

  void keep_answers(const Conversation& said, MtaFact& mta) {
    const auto reply = [&](std::size_t index) {
      return index < said.replies.size() ? std::optional(said.replies[index]) : std::nullopt;
    };
    mta.greeting = reply(0);
    mta.sender = reply(2);
    mta.recipient = reply(3);
    mta.foreign = reply(4);
    mta.trouble = said.trouble;
    if (!mta.trouble.empty() && !said.replies.empty())
      facts_.not_looked_at.push_back(mta.deliver + ": what it says to mail from site " + in_quotes(mta.site) +
                                     " (" + mta.trouble + ')');
  }

  const Look& look_;
  Root root_;
  HubFacts facts_;
  std::vector<base::HostPort> silent_;  ///< of listen and metrics, those where nobody is seen
};

}  // namespace

HubFacts gather(const Look& look) {
  return Gathering(look).run();
}

}  // namespace tsmtp::diagnosis
