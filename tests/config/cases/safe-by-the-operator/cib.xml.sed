s|<nvpair id="vm1-priority"|<nvpair id="vm1-tr" name="target-role" value="Stopped"/><nvpair id="vm1-im" name="is-managed" value="false"/>&|
s|^ *</configuration>|<rsc_defaults><meta_attributes id="rd"><nvpair id="rd-t" name="target-role" value="Started"/><nvpair id="rd-m" name="is-managed" value="true"/></meta_attributes></rsc_defaults>&|
