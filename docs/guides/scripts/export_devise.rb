# frozen_string_literal: true

# Writes the accounts of Devise as lines that `vestibule user import` reads.
#
#     OUT=users.jsonl bin/rails runner export_devise.rb
#
# Settings are environment variables, because `rails runner` has options of its own:
#
#   OUT         the file to write; it must not be there yet (users.jsonl)
#   MODEL       the model (User)
#   ADMIN       a method that says who administers accounts, such as admin?
#   USERNAME    a column with user names
#   LANGUAGE    a column with en, de or ar
#   IDS_FROM    for ids that are no UUIDs: makes one of this text and the old id
#   UNCONFIRMED keep, no-password or skip: what becomes of accounts that may not sign in because
#               their address was never confirmed (no-password)
#   HASHES      drop: writes no hashes, for an installation with a pepper
#
# It only reads. What is left out is told on standard error.

require "digest/sha1"
require "json"
require "time"

class VestibuleExport
  USERNAME = /\A[A-Za-z0-9._-]{3,32}\z/
  UUID = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/
  # The name space for URLs of RFC 9562.
  URLS = ["6ba7b8119dad11d180b400c04fd430c8"].pack("H*")

  def initialize(model, settings, out, log)
    @model = model
    @settings = settings
    @out = out
    @log = log
    @names = {}
    @unconfirmed = settings.fetch("UNCONFIRMED", "no-password")
    @with_hashes = settings["HASHES"] != "drop"
  end

  # Why the hashes of this installation are of no use elsewhere, or nothing.
  def obstacle
    return unless @with_hashes

    modules = @model.respond_to?(:devise_modules) ? @model.devise_modules : []
    if modules.include?(:encryptable)
      "the module encryptable hashes with something else than bcrypt alone"
    elsif !@model.pepper.to_s.empty?
      "config.pepper is part of every password; no hash matches without it"
    end
  end

  def run
    # Two spellings of one address are one account in Vestibule. Which of the two, nobody here can
    # say, so neither is written.
    owners = @model.all.pluck(:email).map { |email| key(email) }.tally
    written = left_out = 0
    @model.all.find_each do |user|
      reason = reason_to_leave_out(user, owners)
      if reason
        note(user, "left out, because #{reason}")
        left_out += 1
      else
        @out.puts(JSON.generate(account(user)))
        written += 1
      end
    end
    @log.puts("#{written} accounts written, #{left_out} left out")
  end

  private

  def reason_to_leave_out(user, owners)
    if user.email.to_s.strip.empty?
      "it has no address"
    elsif owners[key(user.email)] > 1
      "others have its address #{user.email}, too"
    elsif unconfirmed?(user) && @unconfirmed == "skip"
      "its address was never confirmed"
    end
  end

  def account(user)
    account = { "email" => user.email.strip }
    if (id = vestibule_id(user.id.to_s))
      account["id"] = id
    end
    if (name = usable_name(user))
      account["username"] = name
    end
    hash = user.encrypted_password.to_s
    confirmed = !unconfirmed?(user) || @unconfirmed == "keep"
    account["password_hash"] = hash if @with_hashes && confirmed && !hash.empty?
    account["is_admin"] = @settings.key?("ADMIN") && user.public_send(@settings["ADMIN"]) == true
    if user.respond_to?(:created_at) && user.created_at
      account["created_at"] = user.created_at.to_time.utc.iso8601(6)
    end
    if @settings.key?("LANGUAGE")
      language = user.public_send(@settings["LANGUAGE"]).to_s
      account["language"] = language if %w[en de ar].include?(language)
    end
    account["is_active"] = active?(user) # last, because it changes the record in memory
    account
  end

  # A locked account is not an inactive one: its lock was for guessers, whom Vestibule slows down
  # itself. So the application is asked without lock and as if confirmed. Nothing of it is saved.
  def active?(user)
    user.locked_at = nil if user.respond_to?(:locked_at=)
    user.confirmed_at ||= Time.now.utc if user.respond_to?(:confirmed_at=)
    user.active_for_authentication?
  end

  def unconfirmed?(user)
    !user.active_for_authentication? && user.respond_to?(:confirmed?) && !user.confirmed?
  end

  def usable_name(user)
    return unless @settings.key?("USERNAME")

    name = user.public_send(@settings["USERNAME"]).to_s
    return if name.empty?

    if USERNAME.match?(name) && !@names.key?(name.downcase)
      @names[name.downcase] = true
      name
    else
      note(user, "gets a new user name, because #{name.inspect} cannot be used")
      nil
    end
  end

  # The id to keep, or one that is the same at every run (version 5), or none.
  def vestibule_id(old)
    return old.downcase if UUID.match?(old)
    return unless @settings.key?("IDS_FROM")

    bytes = Digest::SHA1.digest(URLS + "#{@settings['IDS_FROM']}#{old}".b).bytes.first(16)
    bytes[6] = (bytes[6] & 0x0f) | 0x50
    bytes[8] = (bytes[8] & 0x3f) | 0x80
    bytes.pack("C*").unpack("H8H4H4H4H12").join("-")
  end

  def key(email)
    email.to_s.strip.downcase(:fold)
  end

  def note(user, text)
    @log.puts("#{user.id}: #{text}")
  end
end

model = ENV.fetch("MODEL", "User").constantize
if (reason = VestibuleExport.new(model, ENV, nil, $stderr).obstacle)
  abort "#{reason}. HASHES=drop exports the accounts without passwords."
end
# Not standard output: initializers of an application may print there, too.
File.open(ENV.fetch("OUT", "users.jsonl"), File::WRONLY | File::CREAT | File::EXCL, 0o600) do |out|
  VestibuleExport.new(model, ENV, out, $stderr).run
end
