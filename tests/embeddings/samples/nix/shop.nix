# The shop as a module.
{ lib, pkgs, config, ... }:

let
  # Where it keeps its books.
  stateDir = "/var/lib/shop";

  /* Adds a tax. */
  taxed = rate: price: price * (100 + rate) / 100;

  inherit (lib) mkOption types;
in
{
  options.services.shop = {
    enable = lib.mkEnableOption "the shop";

    port = mkOption {
      type = types.port;
      default = 8000;
      description = "Where it listens.";
    };
  };

  config = lib.mkIf config.services.shop.enable {
    systemd.services.shop = {
      wantedBy = [ "multi-user.target" ];
      script = ''
        exec ${pkgs.shop}/bin/shop --port ${toString config.services.shop.port}
      '';
    };
    users.users."shop".isSystemUser = !false;
  };

  # Builds the image.
  image = { name, tag ? "latest" }@args: pkgs.dockerTools.buildImage (args // { inherit stateDir; });
}
