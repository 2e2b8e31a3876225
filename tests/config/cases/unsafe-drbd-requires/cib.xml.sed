s|<nvpair id="vm1-drbd-meta_attributes-failure|<nvpair id="rq" name="requires" value="nothing"/>&|
